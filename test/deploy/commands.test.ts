import { expect, test } from 'vitest';
import { openStage } from './stage.ts';

/** doc: the component takes the first word without a space for the time of a line, if this is somewhere in it. */
const TIME_OF_COMPONENT = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/;

test('s deploys s.yaml, a photo that is uploaded gets its result from the deployed zip, and every other command answers', async () => {
  const stage = await openStage();
  await stage.setUp();

  const deployed = await stage.s('deploy -y --skip-actions');
  const result = await stage.process('incoming/group.jpg');

  expect(deployed).toContain('face-recognition');
  expect(result).toMatchObject({ outcome: 'processed' });
  expect(result.faces).toHaveLength(3);

  const info = await stage.s('face-recognition info');
  expect(info).toContain('acs:fc:cn-shanghai:1234567890123456:functions/face-recognition');
  expect(info).toContain('oss:ObjectCreated:CompleteMultipartUpload');
  expect(await stage.s('face-recognition plan')).toContain('face-recognition');
  const invoked = await stage.s(`face-recognition invoke -e '{"events":[]}'`);
  expect(invoked).toContain('FC Invoke End RequestId');

  const logs = await stage.s('face-recognition logs');
  expect(logs).toContain('outcome":"processed"');
  expect(logs).not.toContain('Invalid date');
});

test('no line of the log begins with a word that the component takes for a time', async () => {
  const stage = await openStage();
  await stage.setUp();
  await stage.s('deploy -y --skip-actions');

  await stage.process('incoming/group.jpg');
  const functions = await stage.cloud.fc.functions();
  await functions.settled();
  const lines = functions
    .history('face-recognition')
    .flatMap(({ log }) => log.split('\n'))
    .filter((line) => line.startsWith('{'));

  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(line.split(' ')[0]).not.toMatch(TIME_OF_COMPONENT);
  for (const line of lines) expect(JSON.parse(line)).toHaveProperty('requestId');
});

test('an alias keeps a version while the function changes, and goes back to it', async () => {
  const stage = await openStage();
  await stage.setUp();
  const levelOf = async (qualifier: string) => {
    const { body } = await stage.cloud.fc.functions().then((it) =>
      it.invoke('face-recognition', Buffer.from('{"events":[]}'), qualifier).then((answer) => ({
        body: answer,
      })),
    );
    return body.versionId;
  };

  await stage.s('deploy -y --skip-actions');
  await stage.s('face-recognition version publish --description first');
  await stage.s('face-recognition alias publish --alias-name live --version-id 1');
  await stage.s('deploy -y --skip-actions', { LOG_LEVEL: 'debug' });
  await stage.s('face-recognition version publish --description second');
  const before = await levelOf('live');
  await stage.s('face-recognition alias publish --alias-name live --version-id 2');
  const after = await levelOf('live');
  await stage.s('face-recognition alias publish --alias-name live --version-id 1');

  expect([before, after, await levelOf('live')]).toEqual(['1', '2', '1']);
});

test('concurrency changes, and remove leaves no function, trigger or version behind', async () => {
  const stage = await openStage();
  await stage.setUp();
  await stage.s('deploy -y --skip-actions');
  await stage.s('face-recognition version publish --description first');
  await stage.s('face-recognition alias publish --alias-name live --version-id 1');

  await stage.s('face-recognition concurrency put --reserved-concurrency 3');
  const { findFunction } = await import('../../cli/deploy/function-compute.ts');
  const present = await findFunction('face-recognition', stage.account);
  await stage.s('remove -y');
  await stage.upload('incoming/later.jpg');
  await (await stage.cloud.fc.functions()).settled();

  expect(present).toBeDefined();
  expect(await findFunction('face-recognition', stage.account)).toBeUndefined();
  expect(await findFunction('mns-poller', stage.account)).toBeUndefined();
  expect(await stage.resultOf('incoming/later.jpg')).toBeUndefined();
});

test('a function is deployed again while photos arrive, and none of them is lost', async () => {
  const stage = await openStage();
  await stage.setUp();
  await stage.s('deploy -y --skip-actions');
  const keys = Array.from({ length: 12 }, (_, index) => `incoming/${index}.jpg`);

  let deploying = true;
  const redeployed = stage.s('deploy -y --skip-actions', { LOG_LEVEL: 'debug' }).finally(() => {
    deploying = false;
  });
  const uploaded: string[] = [];
  for (const key of keys) {
    await stage.upload(key);
    uploaded.push(key);
    if (deploying) await new Promise((resolve) => setTimeout(resolve, 300));
  }
  await redeployed;
  await (await stage.cloud.fc.functions()).settled();
  const results = await Promise.all(uploaded.map(stage.resultOf));

  expect(results.map((result) => result?.outcome)).toEqual(keys.map(() => 'processed'));
});

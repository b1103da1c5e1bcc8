import { expect, test } from 'vitest';
import { createOpenApi } from '../../cli/open-api.ts';
import { openStage } from './stage.ts';

test.each(['oss-with-people', 'mns-topic', 'mns-queue'])(
  'with TRIGGER=%s a photo that is uploaded gets its result',
  async (TRIGGER) => {
    const stage = await openStage();
    const settings = { TRIGGER };
    await stage.setUp(settings);

    await stage.s('deploy -y --skip-actions', settings);
    const result = await stage.process('incoming/group.jpg');

    expect(result).toMatchObject({ outcome: 'processed' });
    expect(result.faces).toHaveLength(3);
  },
);

test('with TRIGGER=poller the timer drains the queue, and a photo gets its result', async () => {
  const stage = await openStage();
  const settings = { TRIGGER: 'poller' };
  await stage.setUp(settings);
  await stage.s('deploy -y --skip-actions', settings);

  await stage.upload('incoming/group.jpg');
  await stage.cloud.clock.advance(60_000);
  await expect
    .poll(() => stage.resultOf('incoming/group.jpg'), { timeout: 60_000, interval: 200 })
    .toMatchObject({ outcome: 'processed' });
});

test('with TRIGGER=http a signed request returns the result, and an unsigned one is refused', async () => {
  const stage = await openStage();
  const settings = { TRIGGER: 'http' };
  await stage.setUp(settings);
  await stage.s('deploy -y --skip-actions', settings);
  await stage.upload('incoming/group.jpg');
  const api = createOpenApi({ credentials: stage.account.credentials });
  const path = '/2023-03-30/functions/face-recognition/triggers/http';
  const trigger = (await api.call({
    endpoint: stage.cloud.fc.url,
    action: 'GetTrigger',
    version: '2023-03-30',
    method: 'GET',
    path,
  })) as { httpTrigger: { urlInternet: string } };
  const url = new URL(trigger.httpTrigger.urlInternet);
  const body = { bucket: 'photos', key: 'incoming/group.jpg' };

  const unsigned = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  const answer = await api.call({
    endpoint: url.origin,
    action: 'InvokeFunction',
    version: '2023-03-30',
    path: url.pathname,
    body,
  });
  api.close();

  expect(unsigned.status).toBe(403);
  expect(answer).toMatchObject({ outcome: 'processed' });
});

test('the trigger of an earlier TRIGGER stays until s remove --trigger, which mnsoss-face deploy runs', async () => {
  const stage = await openStage();
  await stage.setUp({ TRIGGER: 'mns-queue' });
  const { triggerNames } = await import('../../cli/deploy/function-compute.ts');

  await stage.s('deploy -y --skip-actions', { TRIGGER: 'oss' });
  await stage.s('deploy -y --skip-actions', { TRIGGER: 'mns-queue' });
  const both = await triggerNames('face-recognition', stage.account);
  await stage.s('face-recognition remove -y --trigger oss,oss-people,mns-topic,http', {
    TRIGGER: 'mns-queue',
  });

  expect(both.sort()).toEqual(['mns-queue', 'oss']);
  expect(await triggerNames('face-recognition', stage.account)).toEqual(['mns-queue']);
});

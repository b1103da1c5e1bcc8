import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createAliOss } from '../support/ali-oss-store.ts';
import { mnsClientOf } from '../support/cloud-clients.ts';
import { runProgram } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';
import { runCloud, startCloud, succeed } from './running-cloud.ts';

const sdkOf = (ossUrl: string, credentials: { accessKeyId: string; accessKeySecret: string }) =>
  createAliOss({
    endpoint: ossUrl.replace('127.0.0.1', 'localhost'),
    region: 'cn-hangzhou',
    credentials,
    version: 'V4',
  });

const urlIn = (output: string, service: 'OSS' | 'MNS' | 'FaceBody') =>
  new RegExp(`^${service} (http://127\\.0\\.0\\.1:\\d+)$`, 'm').exec(output)![1]!;

describe('cloud', () => {
  test('mnsoss-face cloud serves the official client and keeps data and account in its data folder', async () => {
    const dataDir = await tempDir();
    const first = await startCloud(dataDir);
    const before = sdkOf(first.connection.ossUrl, first.connection.account);
    await before.putBucket('things');
    before.useBucket('things');
    await before.put('a.txt', Buffer.from('kept'));
    first.program.process.kill('SIGTERM');
    expect(await first.program.ended()).toBe(0);

    const second = await startCloud(dataDir);

    const after = sdkOf(second.connection.ossUrl, first.connection.account);
    after.useBucket('things');
    expect((await after.get('a.txt')).content.toString()).toBe('kept');
    expect(urlIn(second.program.output(), 'OSS')).toBe(second.connection.ossUrl);
    expect(urlIn(second.program.output(), 'MNS')).toBe(second.connection.mnsUrl);
    expect(urlIn(second.program.output(), 'FaceBody')).toBe(second.connection.facebodyUrl);
  });

  test('put, get and sign work with a running cloud', async () => {
    const folder = await tempDir();
    const dataDir = join(folder, 'data');
    await startCloud(dataDir);
    await writeFile(join(folder, 'me.jpg'), 'bytes');
    const there = ['--data-dir', dataDir, '--bucket', 'things'];

    const put = await succeed('put', ...there, join(folder, 'me.jpg'));
    const got = await succeed('get', ...there, '--output', '-', 'incoming/me.jpg');
    const url = await succeed('sign', ...there, 'incoming/me.jpg');

    expect(put).toBe('oss://things/incoming/me.jpg\n');
    expect(got).toBe('bytes');
    expect(await (await fetch(url.trim())).text()).toBe('bytes');
  });

  test('put asks for --bucket when the cloud watches no bucket', async () => {
    const dataDir = await tempDir();
    await startCloud(dataDir);

    const get = runProgram(['get', '--data-dir', dataDir, 'a.txt']);

    expect(await get.ended()).toBe(1);
    expect(get.output()).toContain('pass --bucket');
  });

  test('mnsoss-face cloud reads accounts and rules from files', async () => {
    const folder = await tempDir();
    const account = { accountId: '42', accessKeyId: 'mine', accessKeySecret: 'my-secret' };
    await writeFile(join(folder, 'accounts.json'), JSON.stringify([account]));
    const rule = {
      name: 'uploads',
      eventTypes: ['ObjectCreated:PutObject'],
      resources: [{ bucket: 'things', prefix: 'in/' }],
      endpoints: [{ type: 'queue', name: 'uploads' }],
      delivery: 'direct',
    };
    await writeFile(join(folder, 'rules.json'), JSON.stringify([rule]));

    const { program, connection } = await startCloud(
      join(folder, 'data'),
      '--accounts',
      join(folder, 'accounts.json'),
      '--rules',
      join(folder, 'rules.json'),
    );

    expect(connection.account).toEqual(account);
    expect(program.output()).toContain('access key mine');
    expect(program.output()).not.toContain('my-secret');
    const rules = await succeed('rules', 'list', '--data-dir', join(folder, 'data'));
    expect(rules).toMatch(/^uploads +ObjectCreated:PutObject +things\/in\/\* +uploads \(direct\)$/m);
  });

  test.each([
    ['--facebody-qps', 'many'],
    ['--facebody-qps', '0'],
    ['--facebody-port', '70000'],
  ])('mnsoss-face cloud refuses %s %s', async (flag, value) => {
    const program = runCloud('--in-memory', flag, value);

    expect(await program.ended()).toBe(1);
    expect(program.output()).toContain(flag);
  });

  test('an invalid file of accounts is reported without its secrets', async () => {
    const folder = await tempDir();
    const path = join(folder, 'accounts.json');
    await writeFile(path, JSON.stringify([{ accountId: 'x', accessKeyId: 'k', accessKeySecret: 's3cr3t' }]));

    const program = runCloud('--data-dir', join(folder, 'data'), '--accounts', path);

    expect(await program.ended()).toBe(1);
    expect(program.output()).toMatch(/^ConfigInvalid: the file of accounts is invalid: 0\.accountId/);
    expect(program.output()).not.toContain('s3cr3t');
  });

  test('mnsoss-face cloud --in-memory writes no file', async () => {
    const dataDir = await tempDir();
    const program = runCloud('--data-dir', dataDir, '--in-memory');
    await program.said(/in memory$/m);

    const sdk = sdkOf(urlIn(program.output(), 'OSS'), {
      accessKeyId: 'LOCALACCESSKEYID',
      accessKeySecret: 'local-access-key-secret',
    });
    await sdk.putBucket('things');

    expect(await readdir(dataDir)).toEqual([]);
    await expect(readFile(join(dataDir, 'connection.json'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each([
    { flags: [], outcome: 'SignatureDoesNotMatch' },
    { flags: ['--no-signature'], outcome: 'taken' },
  ])('a wrong signature is answered with $outcome under $flags', async ({ flags, outcome }) => {
    const { connection } = await startCloud(await tempDir(), ...flags);
    const sdk = sdkOf(connection.ossUrl, { ...connection.account, accessKeySecret: 'guessed' });

    const answer = await sdk.putBucket('things').then(
      () => 'taken',
      (error: { code: string }) => error.code,
    );

    expect(answer).toBe(outcome);
  });
});

describe('rules', () => {
  test('rules create, list and delete event rules, and events reach the queue', async () => {
    const folder = await tempDir();
    const dataDir = join(folder, 'data');
    const { connection } = await startCloud(dataDir);
    await writeFile(join(folder, 'me.jpg'), 'bytes');
    const data = ['--data-dir', dataDir];

    const none = await succeed('rules', 'list', ...data);
    const filter = ['--bucket', 'things', '--prefix', 'incoming/', '--suffix', '.jpg'];
    const created = await succeed(
      'rules',
      'create',
      'uploads',
      ...data,
      ...filter,
      '--queue',
      'jobs',
      'copies',
    );
    const removals = ['--bucket', 'things', '--event', 'ObjectRemoved:DeleteObject'];
    await succeed('rules', 'create', 'removals', ...data, ...removals, '--topic', 'mine');
    const listed = await succeed('rules', 'list', ...data);
    await succeed('rules', 'delete', 'removals', ...data);
    await succeed('put', ...data, '--bucket', 'things', join(folder, 'me.jpg'));
    const deleted = await succeed('rules', 'delete', 'uploads', ...data);

    expect(none).toBe('there are no event rules\n');
    expect(created).toBe('created uploads\n');
    expect(listed).toMatch(/^uploads +ObjectCreated:\* +things\/incoming\/\*\.jpg +jobs copies$/m);
    expect(listed).toMatch(/^removals +ObjectRemoved:DeleteObject +things +mine$/m);
    expect(deleted).toBe('deleted uploads\n');
    expect(await succeed('rules', 'list', ...data)).toBe(none);
    const mns = mnsClientOf(connection);
    for (const queue of ['jobs', 'copies']) {
      const [message] = await mns.queue(queue).receive({ max: 1, waitSeconds: 5 });
      const { events } = JSON.parse(Buffer.from(message!.body, 'base64').toString());
      expect(events[0]).toMatchObject({
        eventName: 'ObjectCreated:PutObject',
        oss: { object: { key: 'incoming/me.jpg' }, ruleId: 'uploads' },
      });
    }
    mns.close();
  });

  test.each([
    { args: ['delete', 'nothing'], says: /InvalidRequest: DeleteEventRule: EventRuleNotExist: .*nothing/ },
    { args: ['create', 'rule', '--queue', 'q'], says: /ConfigInvalid: .*pass --bucket/ },
    { args: ['create', 'rule', '--bucket', 'b'], says: /InvalidParameter: .*1 to 5 endpoints, got 0/ },
    {
      args: ['create', 'rule', '--bucket', 'b', '--queue', 'q', '--event', 'ObjectEaten:*'],
      says: /InvalidParameter: .*ObjectEaten/,
    },
  ])('rules create $args is refused with a reason', async ({ args, says }) => {
    const dataDir = await tempDir();
    await startCloud(dataDir);

    const program = runProgram(['rules', ...args, '--data-dir', dataDir]);

    expect(await program.ended()).toBe(1);
    expect(program.output()).toMatch(says);
  });

  test('rules list names the data folder on which no cloud was ever started', async () => {
    const program = runProgram(['rules', 'list', '--data-dir', await tempDir()]);

    expect(await program.ended()).toBe(1);
    expect(program.output()).toContain('nothing was ever started');
  });
});

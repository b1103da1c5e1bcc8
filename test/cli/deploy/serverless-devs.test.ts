import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openServerlessDevs, type ServerlessDevs } from '../../support/serverless-devs/index.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;
const BUCKET = { OSS_BUCKET: 'photos' };

let s: ServerlessDevs;

beforeAll(async () => {
  s = await openServerlessDevs();
});

afterAll(() => s.close());

test('s verify accepts s.yaml', async () => {
  const { code, output } = await s.run(['verify'], BUCKET);

  expect(output).not.toMatch(/error/i);
  expect(code).toBe(0);
});

test('s verify rejects a misspelt key', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mnsoss-verify-'));
  const text = await readFile(join(ROOT, 's.yaml'), 'utf8');
  const triggers = join(ROOT, 'deploy/triggers/');
  const file = join(folder, 's.yaml');
  await writeFile(file, text.replace('./deploy/triggers/', triggers).replace('memorySize:', 'memroySize:'));

  const { code, output } = await s.run(['verify', '-t', file], BUCKET);

  expect(code).not.toBe(0);
  expect(output).toContain('face-recognition/props');
  await rm(folder, { recursive: true });
});

test('s deploy passes both functions to the component, with the account filled in', async () => {
  const { code } = await s.run(['deploy', '-y', '--skip-actions'], BUCKET);

  const calls = await s.calls();
  expect(code).toBe(0);
  expect(calls.map(({ command, resource }) => `${command} ${resource}`)).toEqual([
    'deploy face-recognition',
    'deploy mns-poller',
  ]);
  expect(calls[0]!.props).toMatchObject({
    runtime: 'nodejs20',
    handler: 'index.handler',
    code: './dist/functions/face-recognition',
    environmentVariables: { SOURCE_PREFIX: 'incoming/', FACEBODY_QPS: '1' },
    concurrencyConfig: { reservedConcurrency: 2 },
    asyncInvokeConfig: {
      destinationConfig: {
        onFailure: {
          destination: 'acs:mns:cn-shanghai:1234567890123456:/queues/face-dead-letters/messages',
        },
      },
    },
    triggers: [{ triggerType: 'oss', sourceArn: 'acs:oss:cn-shanghai:1234567890123456:photos' }],
  });
  expect(calls[1]!.props).toMatchObject({
    environmentVariables: {
      FC_ACCOUNT_ID: '1234567890123456',
      MNS_QUEUE: 'face-events',
      SINK_FUNCTION: 'face-recognition',
    },
    triggers: [{ triggerType: 'timer', triggerConfig: { enable: false } }],
  });
});

test.each([
  ['oss-with-people', ['oss', 'oss-people'], false],
  ['mns-topic', ['mns-topic'], false],
  ['mns-queue', ['mns-queue'], false],
  ['poller', [], true],
])('s deploy with TRIGGER=%s deploys the triggers %j', async (trigger, names, timer) => {
  await s.run(['deploy', '-y', '--skip-actions'], { ...BUCKET, TRIGGER: trigger, REGION: 'cn-hangzhou' });

  const [recognition, poller] = await s.calls();
  const triggers = recognition!.props.triggers as { triggerName: string }[];
  expect(triggers.map(({ triggerName }) => triggerName)).toEqual(names);
  expect(JSON.stringify(triggers)).not.toMatch(/\$\{|cn-shanghai/);
  expect(poller!.props.triggers).toMatchObject([{ triggerConfig: { enable: timer } }]);
});

test('s deploy without a bucket stops before anything is deployed', async () => {
  const { code, output } = await s.run(['deploy', '-y', '--skip-actions']);

  expect(code).not.toBe(0);
  expect(output).toContain('OSS_BUCKET');
  expect(await s.calls()).toEqual([]);
});

test('s deploy deploys one function by its name, and deploy/s.dev.yaml a second one beside the first', async () => {
  await s.run(['mns-poller', 'deploy', '-y', '--skip-actions', '-t', 'deploy/s.dev.yaml'], BUCKET);

  const calls = await s.calls();
  expect(calls).toHaveLength(1);
  expect(calls[0]!.props).toMatchObject({
    functionName: 'mns-poller-dev',
    environmentVariables: { SINK_FUNCTION: 'face-recognition-dev', MNS_QUEUE: 'face-events-dev' },
  });
});

test('deploy/s.custom.yaml gives its one instance the whole quota of the account', async () => {
  await s.run(['face-recognition', 'deploy', '-y', '--skip-actions', '-t', 'deploy/s.custom.yaml'], {
    ...BUCKET,
    FACEBODY_ACCOUNT_QPS: '5',
  });

  const [call] = await s.calls();
  expect(call!.props).toMatchObject({
    runtime: 'custom.debian12',
    code: '../dist/functions/face-recognition',
    customRuntimeConfig: { command: ['/code/node', '/code/server.js'] },
    instanceConcurrency: 10,
    concurrencyConfig: { reservedConcurrency: 1 },
    environmentVariables: { FACEBODY_QPS: '5', SOURCE_PREFIX: 'incoming/' },
  });
});

test.each([
  ['s.yaml', '.', 'npm run build'],
  ['deploy/s.dev.yaml', '..', 'npm run build'],
  ['deploy/s.custom.yaml', '..', 'npm run build -- --node 24'],
])('%s is built and checked in %s before it is deployed', async (template, path, build) => {
  const { code, output } = await s.run(['preview', '-t', template, '-o', 'json', '--silent'], BUCKET);

  expect(code).toBe(0);
  const { actions } = JSON.parse(output) as { actions: Record<string, unknown[]> };
  expect(actions['pre-deploy']).toEqual([
    { run: build, path },
    { run: `node dist/cli/main.js check ${template}`, path },
  ]);
});

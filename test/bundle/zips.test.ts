import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { type FunctionConfig, type LocalFc, startLocalFc } from '../../local/fc/index.ts';
import { FC_NODE_VERSION } from '../../scripts/fc-node.ts';
import { buildFunction } from '../../scripts/functions/build.ts';
import { seedPhotos } from '../../scripts/invoke/seed.ts';
import { createMnsClient } from '../../shared/mns/client.ts';
import { createOssClient } from '../../shared/oss/client.ts';
import { staticCredentials } from '../../shared/runtime/credentials.ts';
import { projectFolder } from '../support/functions.ts';
import { tempDir } from '../support/temp-dir.ts';

const node = process.env.FC_NODE ?? '';

const folders = new Map<string, Promise<string>>();

/** The zip of a function in a folder of its own, far from any `node_modules`. */
function unpacked(name: string, engine: 'facebody' | 'local'): Promise<string> {
  const id = `${name} ${engine}`;
  const folder = folders.get(id) ?? unpack(name, engine);
  folders.set(id, folder);
  return folder;
}

async function unpack(name: string, engine: 'facebody' | 'local'): Promise<string> {
  const { path, remove } = await projectFolder();
  const { zip } = await buildFunction(name, { outdir: path, engine });
  const files = unzipSync(await readFile(zip));
  await remove();
  const folder = await mkdtemp(join(tmpdir(), 'mnsoss-face-zip-'));
  for (const [file, bytes] of Object.entries(files)) {
    const target = join(folder, file);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, bytes);
  }
  return folder;
}

let cloud: LocalCloud;
/** An event of the samples, with its photo in the bucket. */
let event: Buffer;
let clients: { oss: ReturnType<typeof createOssClient>; mns: ReturnType<typeof createMnsClient> };

beforeAll(async () => {
  cloud = await startLocalCloud({ region: 'cn-shanghai' });
  const common = {
    credentials: staticCredentials(cloud.credentials),
    clock: cloud.clock,
    timeoutMs: 20_000,
  };
  clients = {
    oss: createOssClient({
      ...common,
      endpoint: cloud.oss.url,
      region: cloud.region,
      random: Math.random,
      attempts: 1,
    }),
    mns: createMnsClient({ ...common, endpoint: cloud.mns.url }),
  };
  ({ event } = await seedPhotos(await readFile('events/oss-put-object.json'), clients.oss));
});

afterAll(async () => {
  clients.oss.close();
  clients.mns.close();
  await cloud.close();
  for (const folder of folders.values()) await rm(await folder, { recursive: true });
});

async function serve(config: Omit<FunctionConfig, 'timeoutSeconds' | 'memoryMb' | 'node'>): Promise<LocalFc> {
  const fc = await startLocalFc(cloud, {
    functions: [{ ...config, timeoutSeconds: 60, memoryMb: 1024, node }],
  });
  onTestFinished(() => fc.close());
  return fc;
}

test(`the Node of these tests is ${FC_NODE_VERSION}`, async () => {
  const { stdout } = await promisify(execFile)(node, ['--version']);

  expect(stdout.trim()).toBe(`v${FC_NODE_VERSION}`);
});

describe.each(['facebody', 'local'] as const)('the zip of face recognition with %s', (engine) => {
  const environment = () => ({
    ENGINE: engine,
    RESULT_PREFIX: `results-${engine}/`,
    FC_REGION: cloud.region,
    OSS_ENDPOINT: cloud.oss.url,
    FACEBODY_ENDPOINT: cloud.facebody.endpoint,
    FACEBODY_UPLOAD_ENDPOINT: cloud.facebody.endpoint,
    FACEBODY_PROTOCOL: 'HTTP',
  });

  test('finds the faces of an upload', async () => {
    const fc = await serve({
      name: 'face-recognition',
      codeDir: await unpacked('face-recognition', engine),
      handler: 'index.handler',
      initializer: 'index.initialize',
      preStop: 'index.preStop',
      environment: environment(),
    });

    const { body, log } = await fc.invoke('face-recognition', event);

    expect(log).not.toMatch(/"level":"(warn|error)"/);
    expect(JSON.parse(body.toString())).toMatchObject({ records: [{ outcome: 'processed', faces: 3 }] });
    expect(
      await clients.oss.bucket('photos').head(`results-${engine}/incoming/team.jpg/faces.json`),
    ).toBeDefined();
  });

  test('does so as a custom runtime, which serves several events at once', async () => {
    const folder = await unpacked('face-recognition', engine);
    const server = spawn(node, ['server.js'], {
      cwd: folder,
      env: { ...environment(), RESULT_PREFIX: `results-server-${engine}/`, FC_SERVER_PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(async () => {
      if (server.exitCode === null && server.kill('SIGKILL')) await once(server, 'exit');
    });
    const lines = createInterface(server.stdout)[Symbol.asyncIterator]();
    const port = /listening on (\d+)/.exec((await lines.next()).value)?.[1];
    const call = async (path: string, body?: Buffer) => {
      const { accessKeyId, accessKeySecret, securityToken } = cloud.issueCredentials();
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        headers: {
          'x-fc-request-id': `r-${path.slice(1)}`,
          'x-fc-control-path': path,
          'x-fc-function-timeout': '60',
          'x-fc-access-key-id': accessKeyId,
          'x-fc-access-key-secret': accessKeySecret,
          'x-fc-security-token': securityToken,
        },
        body,
      });
      return { status: response.headers.get('x-fc-status'), text: await response.text() };
    };

    const initialized = await call('/initialize');
    const answers = await Promise.all([call('/invoke', event), call('/invoke', event)]);

    expect(initialized.status).toBe('200');
    expect(answers.map(({ status }) => status)).toEqual(['200', '200']);
    const outcomes = answers.map(({ text }) => JSON.parse(text).records[0].outcome);
    expect(outcomes.sort()).toEqual(['duplicate', 'processed']);
  });
});

test('the zip of the poller drains a queue', async () => {
  for (const queue of ['uploads', 'dead']) await clients.mns.createQueue(queue);
  await clients.mns.queue('uploads').send((await readFile('events/base64.txt', 'utf8')).trim());
  const sink = await serve({
    name: 'sink',
    codeDir: await aSink(),
    handler: 'index.handler',
    environment: {},
  });
  const fc = await serve({
    name: 'mns-poller',
    codeDir: await unpacked('mns-poller', 'facebody'),
    handler: 'index.handler',
    initializer: 'index.initialize',
    environment: {
      MNS_ENDPOINT: cloud.mns.url,
      MNS_QUEUE: 'uploads',
      DEAD_LETTERS: 'mns:dead',
      K_SINK: `${sink.url}/2016-08-15/proxy/local/sink/`,
      WAIT_SECONDS: '0',
    },
  });

  const { body } = await fc.invoke('mns-poller', await readFile('events/timer.json'));

  expect(JSON.parse(body.toString())).toMatchObject({ received: 1, deleted: 1, deadLettered: 0 });
  const [delivered] = sink.history('sink');
  expect(delivered?.body.toString()).toContain('"statusCode":200');
});

async function aSink(): Promise<string> {
  const folder = await tempDir();
  await writeFile(join(folder, 'index.js'), 'exports.handler = async () => ({ statusCode: 200, body: "" });');
  return folder;
}

import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { type FunctionConfig, type LocalFc, startLocalFc } from '../../local/fc/index.ts';
import { buildFunction } from '../../scripts/functions/build.ts';
import { seedPhotos } from '../../scripts/invoke/seed.ts';
import { CUSTOM_NODE_VERSIONS, ensureNode, FC_NODE_VERSION } from '../../scripts/node-binaries.ts';
import type { MnsClient } from '../../shared/mns/client.ts';
import type { OssClient } from '../../shared/oss/client.ts';
import { watchProgram } from '../support/child-program.ts';
import { mnsClientOf, ossClientOf } from '../support/cloud-clients.ts';
import { projectFolder } from '../support/functions.ts';
import { tempDir } from '../support/temp-dir.ts';

type Engine = 'facebody' | 'local';

/** Function Compute's own, as `npm run test:bundle` names it. */
const { FC_NODE: fcNode = '' } = process.env;

const folders = new Map<string, Promise<string>>();

/** The zip of a function in a folder of its own, far from any `node_modules`; built once for all tests. */
function unpacked(name: string, engine: Engine, node?: string): Promise<string> {
  const id = `${name} ${engine} ${node}`;
  const folder = folders.get(id) ?? unpack(name, engine, node);
  folders.set(id, folder);
  return folder;
}

async function unpack(name: string, engine: Engine, node?: string): Promise<string> {
  const { path, remove } = await projectFolder();
  const { zip } = await buildFunction(name, { outdir: path, engine, node });
  const bytes = await readFile(zip);
  await remove();
  const folder = await mkdtemp(join(tmpdir(), 'mnsoss-face-zip-'));
  const modes = modesOf(bytes);
  for (const [file, content] of Object.entries(unzipSync(bytes))) {
    const target = join(folder, file);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
    await chmod(target, modes.get(file)!);
  }
  return folder;
}

/** File modes, by name: in a zip's central directory they are the upper half of the external attributes. */
function modesOf(zip: Buffer): Map<string, number> {
  const modes = new Map<string, number>();
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  let entry = zip.readUInt32LE(end + 16);
  for (let count = zip.readUInt16LE(end + 10); count > 0; count--) {
    const [name, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(entry + offset)) as [
      number,
      number,
      number,
    ];
    modes.set(zip.toString('utf8', entry + 46, entry + 46 + name), zip.readUInt16LE(entry + 40) & 0o777);
    entry += 46 + name + extra + comment;
  }
  return modes;
}

let cloud: LocalCloud;
/** An event of the samples, with its photo in the bucket. */
let event: Buffer;
let clients: { oss: OssClient; mns: MnsClient };

beforeAll(async () => {
  cloud = await startLocalCloud({ region: 'cn-shanghai' });
  clients = { oss: ossClientOf(cloud), mns: mnsClientOf(cloud) };
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
    functions: [{ ...config, timeoutSeconds: 60, memoryMb: 1024, node: fcNode }],
  });
  onTestFinished(() => fc.close());
  return fc;
}

test(`the Node of these tests is ${FC_NODE_VERSION}`, async () => {
  const { stdout } = await promisify(execFile)(fcNode, ['--version']);

  expect(stdout.trim()).toBe(`v${FC_NODE_VERSION}`);
});

const ENGINES: readonly Engine[] = ['facebody', 'local'];

const environmentOf = (engine: Engine, resultPrefix: string) => ({
  ENGINE: engine,
  RESULT_PREFIX: resultPrefix,
  FC_REGION: cloud.region,
  OSS_ENDPOINT: cloud.oss.url,
  FACEBODY_ENDPOINT: cloud.facebody.endpoint,
  FACEBODY_UPLOAD_ENDPOINT: cloud.facebody.endpoint,
  FACEBODY_PROTOCOL: 'HTTP',
});

test.each(ENGINES)(
  'the zip of face-recognition finds faces in the managed runtime with %s',
  async (engine) => {
    const resultPrefix = `results-${engine}/`;
    const fc = await serve({
      name: 'face-recognition',
      codeDir: await unpacked('face-recognition', engine),
      handler: 'index.handler',
      initializer: 'index.initialize',
      preStop: 'index.preStop',
      environment: environmentOf(engine, resultPrefix),
    });

    const { body, log } = await fc.invoke('face-recognition', event);

    expect(log).not.toMatch(/"level":"(warn|error)"/);
    expect(JSON.parse(body.toString())).toMatchObject({ records: [{ outcome: 'processed', faces: 3 }] });
    const document = await clients.oss.bucket('photos').head(`${resultPrefix}incoming/team.jpg/faces.json`);
    expect(document).toBeDefined();
  },
);

/** Engine, who runs the server, and the release of Node that the zip brings, if any. */
const RUNTIMES = ENGINES.flatMap((engine) => [
  [engine, "Function Compute's Node", undefined] as const,
  ...Object.values(CUSTOM_NODE_VERSIONS).map(
    (release) => [engine, `its own Node ${release}`, release] as const,
  ),
]);

test.each(RUNTIMES)(
  'the zip of face-recognition serves two events at once in a custom runtime, with %s on %s',
  async (engine, _name, release) => {
    const node = release && (await ensureNode(release));
    const folder = await unpacked('face-recognition', engine, node);
    const child = spawn(node ? join(folder, 'node') : fcNode, ['server.js'], {
      cwd: folder,
      env: { ...environmentOf(engine, `results-${engine}-${release}/`), FC_SERVER_PORT: '0' },
    });
    const server = watchProgram(child);
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await server.ended();
    });
    const [, port] = await server.said(/listening on (\d+)/);

    const initialized = await callRuntime(port, '/initialize');
    const answers = await Promise.all([
      callRuntime(port, '/invoke', event),
      callRuntime(port, '/invoke', event),
    ]);

    expect(initialized.status).toBe('200');
    expect(answers.map(({ status }) => status)).toEqual(['200', '200']);
    const outcomes = answers.map(({ text }) => JSON.parse(text).records[0].outcome);
    expect(outcomes.sort()).toEqual(['duplicate', 'processed']);
  },
);

/** A request as Function Compute sends it to the server of a custom runtime. */
async function callRuntime(port: string | undefined, path: string, body?: Buffer) {
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
}

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

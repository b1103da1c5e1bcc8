import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Deployed, readDeployment } from '../../../cli/deploy/deployment.ts';
import { findPublishedSchema } from '../../../cli/deploy/published-schema.ts';
import { checkDeployment } from '../../../cli/deploy/rules.ts';
import { type FunctionProps, functionSchema, type TriggerProps } from '../../../cli/deploy/schema.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;
const TEMPLATE = join(ROOT, 's.yaml');
const env = (changes: NodeJS.ProcessEnv = {}) => ({
  PATH: process.env.PATH,
  OSS_BUCKET: 'photos',
  ...changes,
});

let folder: string;
let good: readonly Deployed[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mnsoss-deploy-'));
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  const hooks = 'exports.handler = exports.initialize = exports.preStop = () => {};';
  await write('dist/functions/face-recognition/index.js', hooks);
  await write('dist/functions/face-recognition/models/any.onnx', '');
  await write('dist/functions/mns-poller/index.js', hooks);
  await write('modelless/face-recognition/index.js', hooks);
  await write('silent/face-recognition/index.js', 'exports.handle = () => {};');
  await write('broken/face-recognition/index.js', 'throw new Error("no such module");');
  good = await readDeployment(TEMPLATE, { env: env() });
});

afterAll(() => rm(folder, { recursive: true }));

const check = (deployed: readonly Deployed[]) => checkDeployment(deployed, { folder, facebodyQps: 2 });

const RECOGNITION = 0;
const POLLER = 1;

/** The deployment of `s.yaml` with a change of one function. */
function changed(index: number, change: (props: FunctionProps) => Partial<FunctionProps>): Deployed[] {
  return good.map((fn, at) => (at === index ? { ...fn, props: { ...fn.props, ...change(fn.props) } } : fn));
}

const withEnv =
  (variables: Record<string, string>) =>
  ({ environmentVariables }: FunctionProps): Partial<FunctionProps> => ({
    environmentVariables: { ...environmentVariables, ...variables },
  });

/** The OSS trigger, but for other prefixes. */
const watching =
  (...prefixes: string[]) =>
  ({ triggers = [] }: FunctionProps): Partial<FunctionProps> => ({
    triggers: prefixes.map((prefix, index): TriggerProps => {
      const [trigger] = triggers;
      if (trigger?.triggerType !== 'oss') throw new Error('expected an OSS trigger');
      const filter = { key: { prefix, suffix: '' } };
      return {
        ...trigger,
        triggerName: `oss-${index}`,
        triggerConfig: { ...trigger.triggerConfig, filter },
      };
    }),
  });

test.each(['oss', 'mns-topic', 'mns-queue', 'poller', 'http'])(
  's.yaml passes with TRIGGER=%s',
  async (TRIGGER) => {
    const deployed = await readDeployment(TEMPLATE, { env: env({ TRIGGER }) });

    await expect(check(deployed)).resolves.toBeUndefined();
  },
);

test('tracing is off, and TRACING_CONFIG switches it on for both functions', async () => {
  const config = { type: 'Jaeger', params: { endpoint: 'http://collector:14268/api/traces' } };

  const off = await readDeployment(TEMPLATE, { env: env() });
  const on = await readDeployment(TEMPLATE, { env: env({ TRACING_CONFIG: JSON.stringify(config) }) });

  expect(off.map(({ props }) => props.tracingConfig)).toEqual([{}, {}]);
  expect(on.map(({ props }) => props.tracingConfig)).toEqual([config, config]);
});

test('a TRIGGER that does not exist is refused with the names of those that do', async () => {
  const reading = readDeployment(TEMPLATE, { env: env({ TRIGGER: 'htp' }) });

  await expect(reading).rejects.toThrow(
    "file('./deploy/triggers/htp.json') not found: choose http, mns-queue, mns-topic, oss, oss-with-people, poller",
  );
});

test('s.yaml passes with people and the local engine', async () => {
  const settings = {
    TRIGGER: 'oss-with-people',
    ENGINE: 'local',
    GALLERY: 'oss',
    CPU: '1',
    MEMORY_SIZE: '2048',
  };

  const deployed = await readDeployment(TEMPLATE, { env: env(settings) });

  await expect(check(deployed)).resolves.toBeUndefined();
});

test.each(['deploy/s.dev.yaml', 'deploy/s.custom.yaml'])('%s passes the check', async (overlay) => {
  await writeFile(join(folder, 'dist/functions/face-recognition/node'), '');
  await writeFile(join(folder, 'dist/functions/face-recognition/server.js'), '');

  const deployed = await readDeployment(join(ROOT, overlay), { env: env() });

  expect(deployed.map(({ name }) => name)).toEqual(['face-recognition', 'mns-poller']);
  await expect(
    checkDeployment(deployed, { folder: join(folder, dirname(overlay)), facebodyQps: 2 }),
  ).resolves.toBeUndefined();
});

test('the FaceBody quota of the account is divided among the instances', async () => {
  const [recognition] = await readDeployment(TEMPLATE, {
    env: env({ FACEBODY_ACCOUNT_QPS: '10', RESERVED_CONCURRENCY: '4' }),
  });

  expect(recognition!.props.environmentVariables).toMatchObject({ FACEBODY_QPS: '2.5' });
});

test.each<[string, number, (props: FunctionProps) => Partial<FunctionProps>, string]>([
  ['memory that does not fit the CPU', RECOGNITION, () => ({ cpu: 2 }), 'choose 1 to 4 GB for each vCPU'],
  [
    'two kinds of scaling',
    RECOGNITION,
    () => ({
      scalingConfig: { minInstances: 1 },
      provisionConfig: {
        defaultTarget: 1,
        alwaysAllocateCPU: false,
        alwaysAllocateGPU: false,
        scheduledActions: [],
        targetTrackingPolicies: [],
      },
    }),
    'keep scalingConfig',
  ],
  ['concurrency in a managed runtime', RECOGNITION, () => ({ instanceConcurrency: 5 }), 'one call at a time'],
  ['no role', RECOGNITION, () => ({ role: undefined }), 'role is missing'],
  ['the role auto', RECOGNITION, () => ({ role: 'auto' }), 'name one of your own'],
  ['a role in capitals', RECOGNITION, () => ({ role: 'Face' }), 'lower-cased'],
  ['no code', RECOGNITION, () => ({ code: undefined }), 'code is missing'],
  ['code that is not built', RECOGNITION, () => ({ code: './elsewhere/face-recognition' }), 'npm run build'],
  [
    'a custom runtime that is not built',
    RECOGNITION,
    () => ({ runtime: 'custom.debian12', code: './elsewhere' }),
    'npm run build',
  ],
  [
    'a custom runtime without the Node that it starts',
    RECOGNITION,
    () => ({
      runtime: 'custom.debian12',
      code: './modelless/face-recognition',
      customRuntimeConfig: { command: ['/code/node', '/code/index.js'] },
    }),
    'modelless/face-recognition/node does not exist: run `npm run build -- --node 24`',
  ],
  [
    'a handler that is not exported',
    RECOGNITION,
    () => ({ code: './silent/face-recognition' }),
    'no handler',
  ],
  [
    'a bundle that cannot be loaded',
    RECOGNITION,
    () => ({ code: './broken/face-recognition' }),
    'no such module',
  ],
  [
    'an initializer that is not exported',
    RECOGNITION,
    () => ({ instanceLifecycleConfig: { initializer: { handler: 'index.warm', timeout: 30 } } }),
    'exports no warm',
  ],
  [
    'the local engine without its models',
    RECOGNITION,
    (props) => ({ code: './modelless/face-recognition', ...withEnv({ ENGINE: 'local' })(props) }),
    'ENGINE=local npm run build',
  ],
  ['a variable out of bounds', RECOGNITION, withEnv({ MAX_BYTES: 'many' }), 'MAX_BYTES'],
  ['results below the watched prefix', RECOGNITION, withEnv({ RESULT_PREFIX: 'incoming/r/' }), 'LoopRefused'],
  [
    'people below the results',
    RECOGNITION,
    withEnv({ GALLERY: 'oss', PEOPLE_PREFIX: 'results/p/' }),
    'PEOPLE_PREFIX',
  ],
  ['a poller without a queue', POLLER, withEnv({ MNS_QUEUE: '' }), 'set MNS_QUEUE'],
  [
    'a trigger that does not cover the source prefix',
    RECOGNITION,
    watching('uploads/'),
    'no OSS trigger covers SOURCE_PREFIX',
  ],
  [
    'a gallery without a trigger for its people',
    RECOGNITION,
    withEnv({ GALLERY: 'oss' }),
    'TRIGGER=oss-with-people',
  ],
  ['a trigger that watches results', RECOGNITION, watching(''), 'forever'],
  [
    'a watched prefix with a leading slash',
    RECOGNITION,
    withEnv({ SOURCE_PREFIX: '/incoming/' }),
    'SOURCE_PREFIX',
  ],
  [
    'a trigger whose prefix matches nothing',
    RECOGNITION,
    watching('incoming/', '/photos/'),
    'no key begins with a slash',
  ],
  ['triggers that overlap', RECOGNITION, watching('incoming/', 'incoming/a/'), 'watch the same objects'],
  [
    'two triggers of one name',
    RECOGNITION,
    ({ triggers = [] }) => ({ triggers: [...triggers, ...triggers] }),
    'two triggers are called oss',
  ],
  [
    'two functions of one name',
    POLLER,
    () => ({ functionName: 'face-recognition' }),
    'two functions are called',
  ],
  [
    'instances without number',
    RECOGNITION,
    () => ({ concurrencyConfig: undefined }),
    'reservedConcurrency is missing',
  ],
  [
    'instances that together exceed the quota',
    RECOGNITION,
    () => ({ concurrencyConfig: { reservedConcurrency: 3 } }),
    'set FACEBODY_QPS to 0.66',
  ],
  [
    'a poller that gives up before its sink',
    POLLER,
    withEnv({ SINK_TIMEOUT_SECONDS: '60' }),
    'images would be processed twice',
  ],
  ['a poller whose timeout leaves no time for its sink', POLLER, () => ({ timeout: 120 }), 'leaves no time'],
])('the check of a template refuses %s', async (_, index, change, telling) => {
  const checked = check(changed(index, change));

  await expect(checked).rejects.toMatchObject({ code: 'ConfigInvalid' });
  await expect(checked).rejects.toThrow(telling);
});

test('the check of a template allows results below the watched prefix in another bucket', async () => {
  const variables = withEnv({ RESULT_PREFIX: 'incoming/', RESULT_BUCKET: 'photo-results' });

  await expect(check(changed(RECOGNITION, variables))).resolves.toBeUndefined();
});

describe('functionSchema', () => {
  const faultOf = (change: Record<string, unknown>) => {
    const { error } = functionSchema.safeParse({ ...good[RECOGNITION]!.props, ...change });
    return error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ');
  };
  const trigger = () => structuredClone(good[RECOGNITION]!.props.triggers![0]!) as Record<string, unknown>;

  test.each<[string, Record<string, unknown>, string]>([
    ['a misspelt key', { memroySize: 512 }, 'memroySize'],
    ['memory in odd steps', { memorySize: 1000 }, 'memorySize'],
    ['a CPU in odd steps', { cpu: 0.52 }, 'cpu'],
    ['a disk of another size', { diskSize: 1024 }, 'diskSize'],
    ['a timeout beyond a day', { timeout: 86_401 }, 'timeout'],
    ['a name that begins with a digit', { functionName: '1st' }, 'functionName'],
    ['an old runtime', { runtime: 'nodejs12' }, 'runtime'],
    ['a number as a variable', { environmentVariables: { PORT: 9000 } }, 'environmentVariables.PORT'],
    ['retries beyond eight', { asyncInvokeConfig: { maxAsyncRetryAttempts: 9 } }, 'maxAsyncRetryAttempts'],
    [
      'a destination that is no resource',
      { asyncInvokeConfig: { destinationConfig: { onFailure: { destination: 'face-dead-letters' } } } },
      'destination',
    ],
  ])('the schema of a function refuses %s', (_, change, telling) => {
    expect(faultOf(change)).toContain(telling);
  });

  test.each<[string, (of: Record<string, unknown>) => unknown, string]>([
    ['a trigger of an unknown type', (of) => ({ ...of, triggerType: 'ftp' }), 'triggerType'],
    ['an OSS trigger without its bucket', ({ sourceArn: _, ...of }) => of, 'sourceArn'],
    [
      'an OSS trigger with an unknown event',
      (of) => ({
        ...of,
        triggerConfig: { ...(of.triggerConfig as object), events: ['oss:ObjectCreated:Put'] },
      }),
      'events',
    ],
    [
      'a trigger with the configuration of another type',
      (of) => ({ ...of, triggerConfig: { cronExpression: '@every 1m', enable: true } }),
      'triggerConfig',
    ],
    [
      'a timer with an invalid schedule',
      () => ({
        triggerName: 't',
        triggerType: 'timer',
        triggerConfig: { cronExpression: 'hourly', enable: true },
      }),
      'cronExpression',
    ],
  ])('the schema of a function rejects a trigger with %s', (_, change, telling) => {
    expect(faultOf({ triggers: [change(trigger())] })).toContain(telling);
  });
});

test('a template without its variables is refused with the name of the missing one', async () => {
  const read = readDeployment(TEMPLATE, { env: { PATH: process.env.PATH } });

  await expect(read).rejects.toMatchObject({ code: 'ConfigInvalid' });
  await expect(read).rejects.toThrow('OSS_BUCKET');
});

describe('findPublishedSchema', () => {
  /** Serverless Devs' home with a component that publishes this schema. */
  async function homeWith(
    schema: string,
    component = 'fc3@0.1.22',
    path = 'src/schema.json',
  ): Promise<string> {
    const home = await mkdtemp(join(folder, 'home-'));
    const file = join(home, '.s/components/devsapp.cn/v3', component, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, schema);
    return home;
  }
  const atMost = (timeout: number) =>
    JSON.stringify({ type: 'object', properties: { timeout: { type: 'integer', maximum: timeout } } });
  const read = async (home: string) => {
    const published = await findPublishedSchema({ serverless_devs_config_home: home });
    return readDeployment(TEMPLATE, { env: env(), published });
  };

  test('the published schema is found where Serverless Devs keeps it, and rejects what ours accepts', async () => {
    const home = await homeWith(atMost(60));

    await expect(read(home)).rejects.toThrow('face-recognition: timeout must be <= 60');
  });

  test('the published schema adds nothing to the faults that our own schema finds', async () => {
    const published = await findPublishedSchema({
      serverless_devs_config_home: await homeWith(atMost(60)),
    });

    const misconfigured = readDeployment(TEMPLATE, { env: env({ TIMEOUT: '0' }), published });

    await expect(misconfigured).rejects.toMatchObject({
      details: { faults: [expect.stringContaining('timeout: '), 'mns-poller: timeout must be <= 60'] },
    });
  });

  test('the published schema of the component that was fetched last is used', async () => {
    const home = await homeWith(atMost(60));
    const file = join(home, '.s/components/devsapp.cn/v3/fc3/dist/schema.json');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, atMost(86_400));
    await utimes(file, new Date('2100-01-01'), new Date('2100-01-01'));

    await expect(read(home)).resolves.toHaveLength(2);
  });

  test('the published schema does not reject code in OSS', async () => {
    const home = await homeWith('{"properties": {"code": {"type": "string"}}}');
    const published = await findPublishedSchema({ serverless_devs_config_home: home });

    const faults = published!.check({ code: { ossBucketName: 'b', ossObjectName: 'o' } });

    expect(faults).toEqual([]);
  });

  test('the published schema is optional', async () => {
    const home = await mkdtemp(join(folder, 'home-'));

    expect(await findPublishedSchema({ serverless_devs_config_home: home })).toBeUndefined();
  });

  test('a file in FC3_SCHEMA that is not a schema is rejected', async () => {
    const path = join(
      await homeWith('{"type": 5}'),
      '.s/components/devsapp.cn/v3/fc3@0.1.22/src/schema.json',
    );

    await expect(findPublishedSchema({ FC3_SCHEMA: path })).rejects.toMatchObject({ code: 'ConfigInvalid' });
  });
});

/** With FC3_SCHEMA, or a component in the home folder, the real schema is applied to what is deployed. */
const installed = await findPublishedSchema(process.env);

test.skipIf(!installed)('what is deployed fits the installed schema of fc3 too', async () => {
  for (const TRIGGER of ['oss', 'oss-with-people', 'mns-topic', 'mns-queue', 'poller']) {
    const deployed = readDeployment(TEMPLATE, { env: env({ TRIGGER }), published: installed });

    await expect(deployed).resolves.toHaveLength(2);
  }
});

import { openEngine } from '../functions/face-recognition/engine.ts';
import { createEventHandler } from '../functions/face-recognition/handler.ts';
import { openGallery, readPeopleOptions } from '../functions/face-recognition/people.ts';
import { createBridge } from '../functions/mns-poller/bridge.ts';
import { createDeadLetterStore } from '../functions/mns-poller/dead-letters.ts';
import { LOCAL_ENGINE_OPTIONS } from '../shared/faces/engines/local/options.ts';
import { suitableWorkers } from '../shared/faces/engines/local/workers.ts';
import { createMnsClient } from '../shared/mns/client.ts';
import { createConsumer } from '../shared/mns/consumer/index.ts';
import { createOssClient } from '../shared/oss/client.ts';
import type { ObjectStore } from '../shared/oss/object-store.ts';
import { createDispatch } from '../shared/pipeline/dispatch.ts';
import { createEnrolment } from '../shared/pipeline/enrol.ts';
import { type PipelineOptions, readPipelineOptions } from '../shared/pipeline/options.ts';
import { createPipeline } from '../shared/pipeline/process.ts';
import { readCapacity } from '../shared/runtime/capacity.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { environmentCredentials, staticCredentials } from '../shared/runtime/credentials.ts';
import type { Logger } from '../shared/runtime/log.ts';
import { readOptions } from '../shared/runtime/options.ts';
import { createInProcessSink } from '../shared/sinks/in-process.ts';
import { type LocalCloud, startLocalCloud } from './cloud.ts';
import { accountOf, type Connection, writeConnection } from './connection.ts';
import { lockDataDir } from './data-lock.ts';
import { createOutcomeBoard, type OutcomeBoard } from './outcome-board.ts';
import type { Account } from './types.ts';

export interface OneProcessOptions {
  readonly dataDir: string;
  /** 0 takes any free port. */
  readonly ossPort: number;
  readonly mnsPort: number;
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
}

/** Everything on one machine: the cloud on loopback, and our programs as its only customers. */
export interface OneProcess {
  readonly connection: Required<Connection>;
  readonly options: PipelineOptions;
  /** The watched bucket, over HTTP like everybody's. */
  readonly bucket: ObjectStore;
  readonly outcomes: Pick<OutcomeBoard, 'onOutcome' | 'watch'>;
  stop(): Promise<void>;
}

const REGION = 'cn-hangzhou';
const BUCKET = 'photos';
const QUEUE = 'face-uploads';
const RULE = 'face-uploads';
const EVENT_TYPES = [
  'ObjectCreated:PutObject',
  'ObjectCreated:PostObject',
  'ObjectCreated:CopyObject',
  'ObjectCreated:AppendObject',
  'ObjectCreated:CompleteMultipartUpload',
  'ObjectRemoved:DeleteObject',
  'ObjectRemoved:DeleteObjects',
];

/** Messages handled at once: enough to fetch and publish while the engine works, on each of its threads. */
const concurrencyFor = (workers: number) => Math.max(4, workers + 2);

/** Short, because nobody likes to wait for a message that a killed process held; it is renewed while it is worked on. */
const VISIBILITY_SECONDS = 10;

export async function startOneProcess(settings: OneProcessOptions): Promise<OneProcess> {
  const { dataDir, env, logger } = settings;
  const options = readPipelineOptions(env);
  // Known people are kept here unless somebody says otherwise.
  const people = readPeopleOptions({ ...env, GALLERY: env.GALLERY || 'oss' }, options);
  const { engineWorkers = suitableWorkers(readCapacity()) } = readOptions(LOCAL_ENGINE_OPTIONS, env);
  const surroundings = {
    env,
    credentials: environmentCredentials(env),
    clock: systemClock,
    random: Math.random,
    logger,
    engineWorkers,
  };
  const engine = await openEngine(options.engine, surroundings);
  const stops: (() => unknown)[] = [await lockDataDir(dataDir)];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const account = await accountOf(dataDir);
    // The models load while the servers start.
    const [cloud] = await Promise.all([openCloud(settings, account), engine.warmUp()]);
    stops.push(
      () => engine.close(),
      () => cloud.close(),
    );
    const clients = openClients(cloud, logger);
    stops.push(() => clients.close());
    await furnish(cloud, clients, [options.sourcePrefix, people.peoplePrefix]);
    const connection: Required<Connection> = {
      ossUrl: cloud.oss.url,
      mnsUrl: cloud.mns.url,
      region: REGION,
      bucket: BUCKET,
      queue: QUEUE,
      account,
    };
    await writeConnection(dataDir, connection);

    const outcomes = createOutcomeBoard();
    const openBucket = clients.oss.bucket;
    const gallery = await openGallery(people, {
      ...surroundings,
      openBucket,
      bucket: BUCKET,
      engine,
    });
    const common = { openBucket, engine, clock: systemClock, logger, ...(gallery && { gallery }) };
    const work = createDispatch({
      recognize: createPipeline({ ...common, options, bestScore: people.bestScore }),
      ...(gallery && {
        enrol: createEnrolment({ ...common, gallery, options: { ...options, ...people } }),
      }),
      peoplePrefix: people.peoplePrefix,
    });
    const concurrency = concurrencyFor(engineWorkers);
    const sink = createInProcessSink(createEventHandler(outcomes.observe(work)));
    const consumer = createConsumer({
      queue: clients.mns.queue(QUEUE),
      handle: createBridge({ sink, queueName: QUEUE, clock: systemClock }),
      deadLetters: createDeadLetterStore(clients.oss.bucket(BUCKET), 'dead-letters/'),
      clock: systemClock,
      random: Math.random,
      logger,
      options: { concurrency, prefetch: concurrency, visibilitySeconds: VISIBILITY_SECONDS },
    });
    consumer.start();
    stops.push(() => consumer.stop());
    return { connection, options, bucket: clients.oss.bucket(BUCKET), outcomes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function openCloud(
  { dataDir, ossPort, mnsPort, logger }: OneProcessOptions,
  account: Account,
): Promise<LocalCloud> {
  return startLocalCloud({ dataDir, port: ossPort, mnsPort, region: REGION, accounts: [account], logger });
}

function openClients({ oss, mns, region, credentials }: LocalCloud, logger: Logger) {
  const common = { region, credentials: staticCredentials(credentials), clock: systemClock, logger };
  const ossClient = createOssClient({
    ...common,
    endpoint: oss.url,
    random: Math.random,
    timeoutMs: 30_000,
    attempts: 3,
  });
  const mnsClient = createMnsClient({ ...common, endpoint: mns.url, timeoutMs: 10_000 });
  return {
    oss: ossClient,
    mns: mnsClient,
    close() {
      ossClient.close();
      mnsClient.close();
    },
  };
}

/** What a person would set up in the console: the bucket, the queue, and the rule that ties them. */
async function furnish(
  { rules }: LocalCloud,
  { oss, mns }: ReturnType<typeof openClients>,
  prefixes: readonly string[],
) {
  await oss.createBucket(BUCKET);
  await mns.createQueue(QUEUE);
  await rules.ensure({
    name: RULE,
    eventTypes: EVENT_TYPES,
    resources: prefixes.map((prefix) => ({ bucket: BUCKET, prefix, suffix: '' })),
    endpoints: [{ type: 'queue', name: QUEUE }],
  });
}

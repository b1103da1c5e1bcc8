import { openEngine } from '../functions/face-recognition/engine.ts';
import { createEventHandler } from '../functions/face-recognition/handler.ts';
import { readPeopleOptions } from '../functions/face-recognition/people.ts';
import { openWork } from '../functions/face-recognition/work.ts';
import { createBridge } from '../functions/mns-poller/bridge.ts';
import { createDeadLetterStore } from '../functions/mns-poller/dead-letters.ts';
import { FACEBODY_OPTIONS, faceBodyQuota } from '../shared/faces/engines/facebody/options.ts';
import { LOCAL_ENGINE_OPTIONS } from '../shared/faces/engines/local/options.ts';
import { suitableWorkers } from '../shared/faces/engines/local/workers.ts';
import { createMnsClient } from '../shared/mns/client.ts';
import { createConsumer } from '../shared/mns/consumer/index.ts';
import { createOssClient } from '../shared/oss/client.ts';
import type { ObjectStore } from '../shared/oss/object-store.ts';
import { type PipelineOptions, readPipelineOptions } from '../shared/pipeline/options.ts';
import { readCapacity } from '../shared/runtime/capacity.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { environmentCredentials, staticCredentials } from '../shared/runtime/credentials.ts';
import type { Logger } from '../shared/runtime/log.ts';
import { readOptions } from '../shared/runtime/options.ts';
import { createInProcessSink } from '../shared/sinks/in-process.ts';
import type { Account } from './access/account.ts';
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from './cloud.ts';
import { accountOf, type Connection, writeConnection } from './connection.ts';
import { lockDataDir } from './disk/data-lock.ts';
import { faceSurroundings, isFaceBodyElsewhere, withLocalGallery } from './loopback-faces.ts';
import { createOutcomeBoard, type OutcomeBoard } from './outcome-board.ts';

export interface OneProcessOptions {
  readonly dataDir: string;
  /** 0 takes any free port. */
  readonly ossPort: number;
  readonly mnsPort: number;
  /** 0 when absent. */
  readonly facebodyPort?: number;
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
  /** Of the local cloud; the engine `facebody` asks it unless an endpoint is named. */
  readonly facebody: LocalCloud['facebody'];
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
  const { dataDir, logger } = settings;
  const env = withLocalGallery(settings.env);
  const options = readPipelineOptions(env);
  const people = readPeopleOptions(env, options);
  const faceBody = readOptions(FACEBODY_OPTIONS, env);
  const { engineWorkers = suitableWorkers(readCapacity()) } = readOptions(LOCAL_ENGINE_OPTIONS, env);
  const common = { clock: systemClock, random: Math.random, logger };
  // Finds the faces, or gives the answers of the FaceBody that is asked for them, whose scores are the default embedder's.
  const credentials = environmentCredentials(env);
  const isEmbedded = options.engine === 'local';
  const embedded = await openEngine('local', {
    ...common,
    env: isEmbedded ? env : { ...env, EMBEDDER: '' },
    credentials,
    engineWorkers,
  });
  const stops: (() => unknown)[] = [await lockDataDir(dataDir)];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    stops.push(() => embedded.close());
    const account = await accountOf(dataDir);
    const opening = openCloud(settings, account, {
      facebodyQuota: faceBodyQuota(faceBody),
      ...(!isEmbedded && { faceEngine: embedded }),
    });
    // The models load while the servers start.
    const [cloud] = await Promise.all([
      opening,
      isEmbedded || !isFaceBodyElsewhere(env) ? embedded.warmUp() : undefined,
    ]);
    stops.push(() => cloud.close());
    const clients = openClients(cloud, logger);
    stops.push(() => clients.close());
    await furnish(cloud, clients, [options.sourcePrefix, people.peoplePrefix]);
    const connection: Required<Connection> = {
      ossUrl: cloud.oss.url,
      mnsUrl: cloud.mns.url,
      facebodyUrl: cloud.facebody.url,
      region: REGION,
      bucket: BUCKET,
      queue: QUEUE,
      account,
    };
    await writeConnection(dataDir, connection);

    const surroundings = { ...common, ...faceSurroundings(env, connection) };
    const engine = isEmbedded ? embedded : await openEngine(options.engine, surroundings);
    if (!isEmbedded) stops.push(() => engine.close());
    const outcomes = createOutcomeBoard();
    const work = openWork({
      ...surroundings,
      options,
      people,
      engine,
      openBucket: clients.oss.bucket,
      presign: (object) => clients.oss.presign({ ...object, method: 'GET', expiresSeconds: 3600 }),
    });
    stops.push(() => work.close());
    const concurrency = concurrencyFor(engineWorkers);
    const sink = createInProcessSink(createEventHandler(outcomes.observe(work.dispatch)));
    const consumer = createConsumer({
      queue: clients.mns.queue(QUEUE),
      handle: createBridge({ sink, queueName: QUEUE, clock: systemClock }),
      deadLetters: createDeadLetterStore(clients.oss.bucket(BUCKET), 'dead-letters/'),
      ...common,
      options: { concurrency, prefetch: concurrency, visibilitySeconds: VISIBILITY_SECONDS },
    });
    consumer.start();
    stops.push(() => consumer.stop());
    const bucket = clients.oss.bucket(BUCKET);
    return { connection, options, bucket, outcomes, facebody: cloud.facebody, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function openCloud(
  { dataDir, ossPort, mnsPort, facebodyPort = 0, logger }: OneProcessOptions,
  account: Account,
  faceBody: Pick<LocalCloudOptions, 'faceEngine' | 'facebodyQuota'>,
): Promise<LocalCloud> {
  return startLocalCloud({
    dataDir,
    port: ossPort,
    mnsPort,
    facebodyPort,
    region: REGION,
    accounts: [account],
    ...faceBody,
    logger,
  });
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

import { createQueueConsumer } from '../../functions/mns-poller/consume.ts';
import { createDeadLetterStore } from '../../functions/mns-poller/dead-letters.ts';
import { fromCloudEvent } from '../../shared/envelope/cloud-event.ts';
import type { FaceEngine } from '../../shared/faces/engine.ts';
import { FACEBODY_OPTIONS, faceBodyQuota } from '../../shared/faces/engines/facebody/options.ts';
import { suitableWorkers } from '../../shared/faces/pictures/capacity.ts';
import { PICTURE_POOL_OPTIONS } from '../../shared/faces/pictures/options.ts';
import type { Consumer } from '../../shared/mns/consumer/index.ts';
import type { ObjectStore } from '../../shared/oss/object-store.ts';
import { presignWith } from '../../shared/pipeline/compose/buckets.ts';
import { openEngine } from '../../shared/pipeline/compose/engine.ts';
import { composeFaceRecognition } from '../../shared/pipeline/compose/recognition.ts';
import { type PipelineOptions, readPipelineOptions } from '../../shared/pipeline/options.ts';
import { applyPeople } from '../../shared/pipeline/people/apply.ts';
import { readPeopleOptions } from '../../shared/pipeline/people/options.ts';
import type { Pipeline } from '../../shared/pipeline/pipeline.ts';
import { readCapacity } from '../../shared/runtime/capacity.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { environmentCredentials } from '../../shared/runtime/credentials.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import { readOptions } from '../../shared/runtime/options.ts';
import { createInProcessSink } from '../../shared/sinks/in-process.ts';
import type { Account } from '../access/account.ts';
import { createClosers } from '../closers.ts';
import { type LocalCloud, startLocalCloud } from '../cloud.ts';
import { dataFolderOf } from '../disk/data-folder.ts';
import { type LocalClients, openLocalClients } from './clients.ts';
import { type Connection, newAccount, readEarlierStart, writeConnection } from './connection.ts';
import { faceBodyAccess, usesRealFaceBody, withLocalGallery } from './loopback-faces.ts';
import { createOutcomeBoard, type OutcomeBoard } from './outcome-board.ts';
import { startPeopleUpkeep } from './people-upkeep.ts';
import { BUCKET, createBucketQueueAndRule, QUEUE, REGION } from './watched-bucket.ts';

export interface OneProcessOptions {
  readonly dataDir: string;
  /** 0 takes any free port. */
  readonly ossPort: number;
  readonly mnsPort: number;
  /** @default 0 */
  readonly facebodyPort?: number;
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
}

/** Everything on one machine: the cloud on loopback, and our programs as its only customers. */
export interface OneProcess {
  readonly connection: Required<Omit<Connection, 'tls'>>;
  readonly options: PipelineOptions;
  /** The watched bucket, over HTTP. */
  readonly bucket: ObjectStore;
  readonly outcomes: Pick<OutcomeBoard, 'onOutcome' | 'watch'>;
  /** Of the local cloud. The engine `facebody` uses it unless an endpoint is set. */
  readonly facebody: LocalCloud['facebody'];
  stop(): Promise<void>;
}

/** Seconds. Short: a person waits this long for a message that a killed process had received. It is renewed during work. */
const VISIBILITY_SECONDS = 10;

/** What `npm start` runs: the local cloud, and the poller and the recognition on top of it. */
export async function startOneProcess(settings: OneProcessOptions): Promise<OneProcess> {
  const { dataDir, logger } = settings;
  const env = withLocalGallery(settings.env);
  const options = readPipelineOptions(env);
  const { peoplePrefix } = readPeopleOptions(env, options);
  const { engineWorkers = suitableWorkers(readCapacity(env)) } = readOptions(PICTURE_POOL_OPTIONS, env);
  const deps = { clock: systemClock, random: Math.random, logger, engineWorkers };
  const isEmbedded = options.engine === 'local';

  const closers = createClosers();
  try {
    // Finds the faces of the pictures, or those that the local FaceBody is asked for. FaceBody has the scores of the default embedder.
    const embedded = await openEngine('local', {
      ...deps,
      env: isEmbedded ? env : { ...env, EMBEDDER: '' },
      credentials: environmentCredentials(env),
    });
    closers.add(embedded.close);
    const { account = newAccount() } = await readEarlierStart(dataFolderOf(settings));
    // The models load while the servers start.
    const [cloud] = await Promise.all([
      openCloud(settings, env, account, isEmbedded ? undefined : embedded),
      isEmbedded || !usesRealFaceBody(env) ? embedded.warmUp() : undefined,
    ]);
    closers.add(cloud.close);
    const connection = connectionOf(cloud, account);
    const clients = openLocalClients(connection, logger);
    closers.add(clients.close);
    await createBucketQueueAndRule(cloud, clients, [options.sourcePrefix, peoplePrefix]);
    await writeConnection(dataDir, connection);

    const recognition = composeFaceRecognition({
      ...deps,
      ...faceBodyAccess(env, connection),
      engine: isEmbedded ? embedded : undefined,
      openBucket: clients.oss.bucket,
      presign: presignWith(clients.oss),
    });
    closers.add(recognition.close);
    const outcomes = createOutcomeBoard();
    const seen = await recognition.seen(BUCKET, REGION);
    if (seen) {
      const { indexPrefix } = recognition.options.people;
      const results = clients.oss.bucket(options.resultBucket ?? BUCKET);
      const apply = { seen, openBucket: clients.oss.bucket, region: REGION, results, options, indexPrefix };
      const upkeep = startPeopleUpkeep({
        ...deps,
        facts: seen.facts,
        apply: async (signal) => void (await applyPeople(apply, { signal })),
      });
      closers.add(upkeep.stop);
      outcomes.onOutcome(() => upkeep.touch());
    }
    const consumer = openConsumer(outcomes.observe(await recognition.pipeline()), clients, deps);
    consumer.start();
    closers.add(() => consumer.stop());
    return {
      connection,
      options,
      bucket: clients.oss.bucket(BUCKET),
      outcomes,
      facebody: cloud.facebody,
      stop: closers.close,
    };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

function openCloud(
  { dataDir, ossPort, mnsPort, facebodyPort = 0, logger }: OneProcessOptions,
  env: NodeJS.ProcessEnv,
  account: Account,
  faceEngine: FaceEngine | undefined,
): Promise<LocalCloud> {
  return startLocalCloud({
    dataDir,
    port: ossPort,
    mnsPort,
    facebodyPort,
    region: REGION,
    accounts: [account],
    faceEngine,
    facebodyQuota: faceBodyQuota(readOptions(FACEBODY_OPTIONS, env)),
    logger,
  });
}

function connectionOf({ oss, mns, facebody, fc }: LocalCloud, account: Account): OneProcess['connection'] {
  const urls = { ossUrl: oss.url, mnsUrl: mns.url, facebodyUrl: facebody.url, fcUrl: fc.url };
  return { ...urls, region: REGION, bucket: BUCKET, queue: QUEUE, account };
}

/** The poller, with the recognition of this process as its sink. */
function openConsumer(
  process: Pipeline,
  { mns, oss }: LocalClients,
  {
    engineWorkers,
    ...deps
  }: Pick<Parameters<typeof createQueueConsumer>[0], 'clock' | 'random' | 'logger'> & {
    readonly engineWorkers: number;
  },
): Consumer {
  // Enough messages to fetch and publish while each thread of the engine is busy.
  const concurrency = Math.max(4, engineWorkers + 2);
  const sink = createInProcessSink(async (event, { signal, origin }) => {
    await process(origin ?? fromCloudEvent(event), { signal });
  });
  return createQueueConsumer({
    ...deps,
    queue: mns.queue(QUEUE),
    sink,
    deadLetters: createDeadLetterStore(oss.bucket(BUCKET), 'dead-letters/'),
    options: { concurrency, prefetch: concurrency, visibilitySeconds: VISIBILITY_SECONDS },
  });
}

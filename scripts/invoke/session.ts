import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type InvocationResult, type LocalFc, startLocalFc } from '../../local/fc/index.ts';
import { TRIGGER_EVENTS } from '../../shared/envelope/event-types.ts';
import { openEnvelope } from '../../shared/envelope/open-envelope.ts';
import { readTimerEvent } from '../../shared/envelope/timer.ts';
import { createMnsClient } from '../../shared/mns/client.ts';
import { createOssClient, type OssClient } from '../../shared/oss/client.ts';
import { staticCredentials } from '../../shared/runtime/credentials.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import { bundleFunction } from '../functions/build.ts';
import {
  configOf,
  DEAD_LETTER_QUEUE,
  FUNCTION_NAMES,
  type FunctionSettings,
  QUEUE,
  reachedFrom,
} from './functions.ts';
import { type SeededPhoto, seedPhotos } from './seed.ts';

export interface SessionOptions extends Omit<FunctionSettings, 'fcUrl'> {
  readonly functionName: string;
  /** Port of the API; 0 takes any free one. @default 0 */
  readonly port?: number;
  /** Whether uploads below `incoming/` of the bucket `photos` invoke the function, as an OSS trigger does. @default false */
  readonly onUpload?: boolean;
  /** Whether to use the bundles in `outdir` as they are. @default false */
  readonly skipBuild?: boolean;
  readonly logger?: Logger;
}

/** One invocation, with the photos before it and the files after it. */
export interface Invoked {
  readonly seeded: readonly SeededPhoto[];
  readonly result: InvocationResult;
  /** `oss://` addresses of the results for the keys of the event, or of the message in the poller's queue. */
  readonly files: readonly string[];
}

/** Functions from the present sources, each in its own process, connected to a cloud. */
export interface Session {
  readonly fc: LocalFc;
  /** Creates the queues and buckets that the functions use; call it again after the cloud was reset. */
  createResources(): Promise<void>;
  invoke(event: Buffer): Promise<Invoked>;
  close(): Promise<void>;
}

/** The message that the poller finds in its queue. */
const QUEUED = 'events/base64.txt';

const TRIGGER = {
  name: 'uploads',
  bucket: 'photos',
  events: TRIGGER_EVENTS.map((name) => `oss:${name}`),
  prefix: 'incoming/',
};

/** Throws `ConfigInvalid` for a function that does not exist. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { functionName, cloud, outdir, env, port, onUpload, skipBuild, logger } = options;
  if (!FUNCTION_NAMES.includes(functionName)) {
    throw new AppError(
      'ConfigInvalid',
      `expected the function ${FUNCTION_NAMES.join(' or ')}, not ${functionName}`,
    );
  }
  const reached = reachedFrom(functionName);
  if (!skipBuild) for (const name of reached) await bundleFunction(name, join(outdir, name));
  const fc = await startLocalFc(cloud, {
    functions: (fcUrl) =>
      reached.map((name) => {
        // The limits that the caller gives are for the function that it names.
        const { timeoutSeconds, memoryMb, ...others } = options;
        return configOf(name, { ...(name === functionName ? options : others), fcUrl });
      }),
    ossTriggers: onUpload ? [{ ...TRIGGER, functionName }] : [],
    port,
    logger,
  });
  const common = { credentials: staticCredentials(cloud.credentials), clock: cloud.clock };
  const { region } = cloud;
  const oss = createOssClient({ ...common, endpoint: cloud.oss.url, region });
  const mns = createMnsClient({ ...common, endpoint: cloud.mns.url });
  const createResources = async () => {
    for (const queue of [QUEUE, DEAD_LETTER_QUEUE]) await mns.createQueue(queue);
    if (onUpload) await oss.createBucket(TRIGGER.bucket);
  };
  await createResources();
  const resultPrefix = env.RESULT_PREFIX ?? 'results/';

  return {
    fc,
    createResources,
    async invoke(original) {
      if (readTimerEvent(original) && functionName === 'mns-poller') {
        const message = await seedPhotos(await readFile(QUEUED), oss);
        await mns.queue(QUEUE).send(message.event.toString().trim());
        const result = await fc.invoke(functionName, original);
        return { seeded: message.seeded, result, files: await resultsOf(message.event, oss, resultPrefix) };
      }
      const { event, seeded } = await seedPhotos(original, oss);
      const result = await fc.invoke(functionName, event);
      return { seeded, result, files: await resultsOf(event, oss, resultPrefix) };
    },
    async close() {
      await fc.close();
      oss.close();
      mns.close();
    },
  };
}

async function resultsOf(event: Buffer, oss: OssClient, resultPrefix: string): Promise<string[]> {
  const files: string[] = [];
  for (const { bucket, key } of openEnvelope(event).events) {
    for await (const entry of oss.bucket(bucket).list({ prefix: `${resultPrefix}${key}/` })) {
      files.push(`oss://${bucket}/${entry.key}`);
    }
  }
  return files;
}

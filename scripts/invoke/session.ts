import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type InvocationResult, type LocalFc, startLocalFc } from '../../local/fc/index.ts';
import { openEnvelope } from '../../shared/envelope/open-envelope.ts';
import { readTimerEvent } from '../../shared/envelope/timer.ts';
import { createMnsClient } from '../../shared/mns/client.ts';
import { createOssClient, type OssClient } from '../../shared/oss/client.ts';
import { staticCredentials } from '../../shared/runtime/credentials.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import { bundleFunction } from '../functions/build.ts';
import { deployedFunctions, type FunctionSettings } from './functions.ts';
import { type SeededPhoto, seedPhotos } from './seed.ts';

export interface SessionOptions extends Omit<FunctionSettings, 'template'> {
  readonly functionName: string;
  /** The Serverless Devs template. @default 's.yaml' */
  readonly template?: string;
  /** Port of the API; 0 takes any free one. @default 0 */
  readonly port?: number;
  /** Whether the OSS triggers of the template fire. @default false */
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
  /** The OSS triggers, one line each. */
  readonly triggers: readonly string[];
  /** Creates the queues and buckets that the functions use; call it again after the cloud was reset. */
  createResources(): Promise<void>;
  invoke(event: Buffer): Promise<Invoked>;
  close(): Promise<void>;
}

/** The message that the poller finds in its queue. */
const QUEUED = 'events/base64.txt';

/** Throws `ConfigInvalid` for a function that does not exist. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const {
    functionName,
    cloud,
    outdir,
    env,
    port,
    onUpload,
    skipBuild,
    logger,
    template = 's.yaml',
  } = options;
  const functions = await deployedFunctions(functionName, { ...options, template });
  for (const name of functions.names) {
    if (!skipBuild) await bundleFunction(name, join(outdir, name));
    else if (!existsSync(join(outdir, name))) {
      throw new AppError('ConfigInvalid', `${join(outdir, name)} does not exist: leave --no-build out once`);
    }
  }
  const fc = await startLocalFc(cloud, {
    functions: functions.configs,
    ossTriggers: onUpload ? functions.ossTriggers : [],
    port,
    logger,
  });
  const common = { credentials: staticCredentials(cloud.credentials), clock: cloud.clock };
  const { region } = cloud;
  const oss = createOssClient({ ...common, endpoint: cloud.oss.url, region });
  const mns = createMnsClient({ ...common, endpoint: cloud.mns.url });
  const createResources = async () => {
    for (const queue of functions.queues) await mns.createQueue(queue);
    if (onUpload) await oss.createBucket(functions.bucket);
  };
  await createResources();
  const resultPrefix = env.RESULT_PREFIX ?? 'results/';

  return {
    fc,
    triggers: functions.ossTriggers.map(({ bucket, prefix }) => `changes of oss://${bucket}/${prefix ?? ''}`),
    createResources,
    async invoke(original) {
      if (readTimerEvent(original) && functions.source !== undefined) {
        const message = await seedPhotos(await readFile(QUEUED), oss);
        await mns.queue(functions.source).send(message.event.toString().trim());
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

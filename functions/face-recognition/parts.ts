import { loadSharp } from '../../shared/images/sharp.ts';
import { createOssClient } from '../../shared/oss/client.ts';
import type { OpenBucket } from '../../shared/oss/object-store.ts';
import { type PipelineOptions, readPipelineOptions } from '../../shared/pipeline/options.ts';
import { createPipeline, type Pipeline } from '../../shared/pipeline/process.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { CredentialProvider } from '../../shared/runtime/credentials.ts';
import { createLogger, type Logger } from '../../shared/runtime/log.ts';
import { readOptions } from '../../shared/runtime/options.ts';
import type { Random } from '../../shared/runtime/random.ts';
import { openEngine } from './engine.ts';
import { FACE_RECOGNITION_OPTIONS, type FaceRecognitionOptions } from './options.ts';
import { withRequestId } from './request-log.ts';

export interface PartsOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly credentials: CredentialProvider;
  readonly clock: Clock;
  readonly random: Random;
  /** As in `EngineParts`. */
  readonly engineWorkers?: number;
  /** Where log lines go; standard output when absent. */
  readonly write?: (line: string) => void;
}

/** What lives as long as the instance. */
export interface Parts {
  readonly options: FaceRecognitionOptions & { readonly pipeline: PipelineOptions };
  readonly openBucket: OpenBucket;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Opened by the first call, so that what fails is told to whoever needs it. */
  pipeline(): Promise<Pipeline>;
  /** Loads what the first image would wait for: the decoder, and the engine's models or SDK. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
}

/** Reads the configuration – throws `ConfigInvalid` or `LoopRefused` – and builds what stands between OSS and a face. */
export function createParts({ write, ...surroundings }: PartsOptions): Parts {
  const { env, credentials, clock, random } = surroundings;
  const options = {
    ...readOptions(FACE_RECOGNITION_OPTIONS, env),
    pipeline: readPipelineOptions(env),
  };
  const logger = withRequestId(createLogger({ level: options.logLevel, ...(write && { write }) }));
  const oss = createOssClient({
    region: options.region,
    endpoint: options.ossEndpoint,
    internal: options.ossInternal,
    credentials,
    clock,
    random,
    logger,
    timeoutMs: options.ossTimeoutSeconds * 1000,
    attempts: 3,
  });
  const openBucket: OpenBucket = (bucket, region) => oss.bucket(bucket, region);
  const engine = once(() => openEngine(options.pipeline.engine, { ...surroundings, logger }));
  const pipeline = once(async () =>
    createPipeline({ openBucket, engine: await engine.get(), options: options.pipeline, clock, logger }),
  );
  return {
    options,
    openBucket,
    clock,
    logger,
    pipeline: pipeline.get,
    async warmUp() {
      await Promise.all([pipeline.get(), engine.get().then((opened) => opened.warmUp()), loadSharp()]);
    },
    async close() {
      await engine.opened()?.then((opened) => opened.close());
      oss.close();
    },
  };
}

/** Opens at the first `get`; a failure is not kept, so that the next invocation tries again. */
function once<T>(open: () => Promise<T>): {
  get: () => Promise<T>;
  opened: () => Promise<T> | undefined;
} {
  let opening: Promise<T> | undefined;
  return {
    get() {
      opening ??= open().catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return opening;
    },
    opened: () => opening,
  };
}

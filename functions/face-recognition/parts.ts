import { loadSharp } from '../../shared/images/sharp.ts';
import { createOssClient } from '../../shared/oss/client.ts';
import type { OpenBucket } from '../../shared/oss/object-store.ts';
import type { Dispatch } from '../../shared/pipeline/dispatch.ts';
import { type PipelineOptions, readPipelineOptions } from '../../shared/pipeline/options.ts';
import type { PeopleOptions } from '../../shared/pipeline/people-options.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { CredentialProvider } from '../../shared/runtime/credentials.ts';
import { createLogger, type Logger } from '../../shared/runtime/log.ts';
import { readOptions } from '../../shared/runtime/options.ts';
import type { Random } from '../../shared/runtime/random.ts';
import { openEngine } from './engine.ts';
import { once } from './once.ts';
import { FACE_RECOGNITION_OPTIONS, type FaceRecognitionOptions } from './options.ts';
import { readPeopleOptions } from './people.ts';
import { withRequestId } from './request-log.ts';
import { openWork } from './work.ts';

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
  readonly options: FaceRecognitionOptions & {
    readonly pipeline: PipelineOptions;
    readonly people: PeopleOptions;
  };
  readonly openBucket: OpenBucket;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Opened by the first call, so that what fails is told to whoever needs it. */
  work(): Promise<Dispatch>;
  /** Loads what the first image would wait for: decoder, engine with its models or SDK, and what draws. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
}

/** A picture may wait for its turn before its URL is read. */
const PRESIGNED_SECONDS = 3600;

/** Reads the configuration – throws `ConfigInvalid` or `LoopRefused` – and builds what stands between OSS and a face. */
export function createParts({ write, ...rest }: PartsOptions): Parts {
  const { env, credentials, clock, random } = rest;
  const pipeline = readPipelineOptions(env);
  const people = readPeopleOptions(env, pipeline);
  const options = { ...readOptions(FACE_RECOGNITION_OPTIONS, env), pipeline, people };
  const logger = withRequestId(createLogger({ level: options.logLevel, write }));
  const openOss = (internal: boolean) =>
    createOssClient({
      region: options.region,
      endpoint: options.ossEndpoint,
      internal,
      credentials,
      clock,
      random,
      logger,
      timeoutMs: options.ossTimeoutSeconds * 1000,
    });
  const oss = openOss(options.ossInternal);
  // Whoever is handed a URL may stand outside the network of this function.
  const publicOss = openOss(false);
  const openBucket: OpenBucket = (bucket, region) => oss.bucket(bucket, region);
  const surroundings = { ...rest, logger };
  const engine = once(() => openEngine(pipeline.engine, surroundings));
  const work = once(async () =>
    openWork({
      ...surroundings,
      options: pipeline,
      people,
      engine: await engine.get(),
      openBucket,
      presign: (object) => publicOss.presign({ ...object, method: 'GET', expiresSeconds: PRESIGNED_SECONDS }),
    }),
  );
  return {
    options,
    openBucket,
    clock,
    logger,
    work: async () => (await work.get()).dispatch,
    async warmUp() {
      await Promise.all([
        work.get(),
        engine.get().then((opened) => opened.warmUp()),
        loadSharp(),
        import('../../shared/pipeline/render.ts'),
      ]);
    },
    async close() {
      await (await work.opened())?.close();
      await (await engine.opened())?.close();
      oss.close();
      publicOss.close();
    },
  };
}

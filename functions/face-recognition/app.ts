import type { OpenBucket } from '../../shared/oss/object-store.ts';
import { openBuckets } from '../../shared/pipeline/compose/buckets.ts';
import { composeFaceRecognition, type FaceRecognition } from '../../shared/pipeline/compose/recognition.ts';
import type { CredentialProvider } from '../../shared/runtime/credentials.ts';
import type { RuntimeDeps } from '../../shared/runtime/deps.ts';
import { createLogger } from '../../shared/runtime/log.ts';
import { readOptions } from '../../shared/runtime/options.ts';
import { createRecentMap, type RecentMap } from '../../shared/runtime/recent.ts';
import { createDeadLetters, type FunctionDeadLetters } from './dead-letters/dead-letters.ts';
import { FACE_RECOGNITION_OPTIONS, type FaceRecognitionOptions } from './options.ts';
import type { RecordReport } from './report.ts';
import { requestFields } from './request-log.ts';

export interface AppDeps extends Pick<RuntimeDeps, 'clock' | 'random'> {
  readonly env: NodeJS.ProcessEnv;
  readonly credentials: CredentialProvider;
  /** As in `EngineDeps`. */
  readonly engineWorkers?: number;
  /** Receives log lines. @default standard output */
  readonly write?: (line: string) => void;
}

/** Face recognition with its options, buckets and log, for the lifetime of the instance. */
export interface App extends Omit<FaceRecognition, 'people'>, Pick<RuntimeDeps, 'clock' | 'logger'> {
  readonly options: FaceRecognitionOptions & FaceRecognition['options'];
  readonly openBucket: OpenBucket;
  /** Records of events that must be delivered again, by bucket, key and id. */
  readonly finished: RecentMap<string, RecordReport>;
  /** Where rejected parts of events go, if that is configured. */
  readonly deadLetters: FunctionDeadLetters | undefined;
}

const MAX_FINISHED = 10_000;

/** Reads the configuration. Throws `ConfigInvalid` or `LoopRefused`. */
export function createApp({ write, ...deps }: AppDeps): App {
  const options = readOptions(FACE_RECOGNITION_OPTIONS, deps.env);
  const logger = createLogger({ level: options.logLevel, write, fields: requestFields });
  const { openBucket, presign, close } = openBuckets(options, { ...deps, logger });
  const recognition = composeFaceRecognition({ ...deps, openBucket, presign, logger });
  const deadLetters = createDeadLetters(options, { ...deps, openBucket });
  return {
    ...recognition,
    options: { ...options, ...recognition.options },
    openBucket,
    finished: createRecentMap(MAX_FINISHED),
    deadLetters,
    clock: deps.clock,
    logger,
    async close() {
      await recognition.close();
      deadLetters?.close();
      close();
    },
  };
}

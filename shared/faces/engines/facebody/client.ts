import { assertNotAborted, orAborted } from '../../../runtime/abort.ts';
import type { CredentialProvider } from '../../../runtime/credentials.ts';
import type { RuntimeDeps } from '../../../runtime/deps.ts';
import { AppError } from '../../../runtime/errors.ts';
import { backoffDelay } from '../../../runtime/retry.ts';
import { createSigningSession } from '../../../runtime/signing-session.ts';
import type { CallOptions } from '../../gallery/gallery.ts';
import type { PaceOptions, Pacing } from '../../pacing.ts';
import { failureOf, toFailure } from './failures.ts';
import { loadSdk, type Sdk, type SdkClient, type SdkRuntime, type SdkSettings } from './sdk.ts';

/** One operation with its arguments. */
export interface FaceBodyOperation<T> {
  /** Name in the API, such as `RecognizeFace`. */
  readonly name: string;
  /** Whether its answer contains no data. @default false */
  readonly answersNothing?: boolean;
  /** Makes the call. It must pass on `runtime`, which contains the timeouts. */
  readonly send: (
    sdk: Sdk,
    client: SdkClient,
    runtime: SdkRuntime,
  ) => Promise<{ readonly body?: { readonly data?: T } }>;
}

export interface FaceBodyClient {
  /** Loads the SDK. */
  warmUp(): Promise<void>;
  /**
   * Waits for its turn, if that leaves time for an answer before the deadline, and sends the request. Makes up to three
   * attempts after failures of the service or the network, and retries an exhausted quota as long as the deadline
   * allows. Errors have `details.failure`.
   */
  call<T>(operation: FaceBodyOperation<T>, options?: CallOptions): Promise<T>;
}

export interface FaceBodyClientDeps extends Pick<RuntimeDeps, 'clock' | 'random'> {
  readonly settings: SdkSettings;
  readonly credentials: CredentialProvider;
  readonly pacing: Pacing;
}

/**
 * Attempts per call, including the first one. A quota is worth a longer wait than a failure. A file that the service
 * cannot download is sent instead.
 */
const ATTEMPTS = { transient: 3, throttled: 8, download: 2 };
/** Time for an answer: a call that would start later than this before its deadline is not made. */
const ANSWER_MS = 3000;
const BACKOFF = { baseMs: 500, capMs: 4000 };

export function createFaceBodyClient(deps: FaceBodyClientDeps): FaceBodyClient {
  const { settings, credentials, pacing, clock, random } = deps;
  const session = createSigningSession(credentials, clock);

  /** One attempt, which waits in the queue of its operation. */
  const attempt = <T>(
    { name, send, answersNothing }: FaceBodyOperation<T>,
    options: PaceOptions,
  ): Promise<T> =>
    session.run(({ credentials: keys }) =>
      pacing.run(
        name,
        async (turn) => {
          const sdk = await loadSdk();
          const client = sdk.createClient(keys, settings, turn);
          // The SDK cannot stop a request: an aborted call fails at once, while its request ends in the background.
          const { body } = await orAborted(options.signal, () =>
            send(sdk.types, client, sdk.runtime(settings)).catch((error: unknown) => {
              throw toFailure(name, error);
            }),
          );
          if (body?.data === undefined && !answersNothing) throw emptyAnswer(name);
          return body?.data as T;
        },
        options,
      ),
    );

  /** Milliseconds until the next attempt; `undefined` when there is none. */
  const delayBefore = (error: AppError, failures: number): number | undefined => {
    if (error.kind === 'transient' && error.code !== 'Aborted') {
      const most = failureOf(error) === 'download' ? ATTEMPTS.download : ATTEMPTS.transient;
      return failures < most ? backoffDelay(failures - 1, BACKOFF, random) : undefined;
    }
    if (error.kind !== 'throttled' || error.details.refused || failures >= ATTEMPTS.throttled)
      return undefined;
    return (error.retryAfterMs ?? 0) + random() * BACKOFF.baseMs;
  };

  return {
    async warmUp() {
      await loadSdk();
    },
    async call(operation, { deadline: answeredBy = Number.POSITIVE_INFINITY, signal } = {}) {
      const deadline = answeredBy - ANSWER_MS;
      const pace = { deadline, signal };
      for (let failures = 1; ; failures++) {
        assertNotAborted(signal, operation.name);
        try {
          return await attempt(operation, pace);
        } catch (thrown) {
          const error = toFailure(operation.name, thrown);
          const delay = delayBefore(error, failures);
          if (delay === undefined || clock.monotonic() + delay > deadline) throw error;
          await clock.sleep(delay, signal).catch(() => assertNotAborted(signal, operation.name));
        }
      }
    },
  };
}

function emptyAnswer(operation: string): AppError {
  return new AppError('ServiceUnavailable', `${operation}: the answer is empty`, {
    details: { operation, failure: 'unavailable' },
  });
}

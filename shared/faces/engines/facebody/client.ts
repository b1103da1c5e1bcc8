import { assertNotAborted } from '../../../runtime/abort.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { CredentialProvider } from '../../../runtime/credentials.ts';
import { AppError } from '../../../runtime/errors.ts';
import type { Random } from '../../../runtime/random.ts';
import { backoffDelay } from '../../../runtime/retry.ts';
import { createSigningSession } from '../../../runtime/signing-session.ts';
import type { CallOptions } from '../../gallery/gallery.ts';
import type { PaceOptions, Pacing } from '../../pacing.ts';
import { failureOf, toFailure } from './failures.ts';
import { loadSdk, type Sdk, type SdkClient, type SdkRuntime, type SdkSettings } from './sdk.ts';

/** One operation with its arguments. */
export interface FaceBodyOperation<T> {
  /** As the API has it, such as `RecognizeFace`. */
  readonly name: string;
  /** Whether its answer holds no data. */
  readonly answersNothing?: boolean;
  /** Makes the call; the runtime must be handed on, as it holds the timeouts. */
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
   * Waits for its turn, if that leaves time for an answer before the deadline, sends, and repeats what may pass: faults of
   * the service and the network three times, a full quota as long as the deadline allows. Errors carry `details.failure`.
   */
  call<T>(operation: FaceBodyOperation<T>, options?: CallOptions): Promise<T>;
}

export interface FaceBodyClientDeps {
  readonly settings: SdkSettings;
  readonly credentials: CredentialProvider;
  readonly pacing: Pacing;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Tries of one call, the first included. A quota is waited for longer than a fault; what the service cannot download is
 * better sent.
 */
const ATTEMPTS = { transient: 3, throttled: 8, download: 2 };
/** Time that a call is left for its answer: one that would leave later than this before a deadline is not made. */
const ANSWER_MS = 3000;
const BACKOFF = { baseMs: 500, capMs: 4000 };

export function createFaceBodyClient(parts: FaceBodyClientDeps): FaceBodyClient {
  const { settings, credentials, pacing, clock, random } = parts;
  const session = createSigningSession(credentials, clock);

  /** One try, which is one place in the line of its operation. */
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
          const answer = send(sdk.types, client, sdk.runtime(settings)).catch((error: unknown) => {
            throw toFailure(name, error);
          });
          const { body } = await orAborted(name, answer, options.signal);
          if (body?.data === undefined && !answersNothing) throw emptyAnswer(name);
          return body?.data as T;
        },
        options,
      ),
    );

  /** Milliseconds until the next try; `undefined` when there is none. */
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
          if (delay === undefined || clock.now() + delay > deadline) throw error;
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

/** The SDK cannot stop a request: an aborted call fails at once, and its request runs out by itself. */
function orAborted<T>(operation: string, answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return answer;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new AppError('Aborted', `${operation}: stopped before it was answered`));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

import type { Clock } from './clock.ts';
import type { CredentialProvider, Credentials } from './credentials.ts';
import { type AppError, isAppError } from './errors.ts';

/** What signs a request: who, and the time in milliseconds since the epoch as the service counts it. */
export interface Signer {
  readonly credentials: Credentials;
  readonly now: number;
}

/** What was mended before a request was repeated. */
export type Mending = 'credentials' | 'clock';

export interface SigningSession {
  signer(): Promise<Signer>;
  /**
   * Calls `send`, and repeats it at once after two refusals, each at most once: expired credentials
   * (`SecurityTokenExpired`) are fetched anew, and a clock that is wrong (an error with the `serverDate` detail)
   * follows the service's from then on.
   */
  run<T>(send: (signer: Signer) => Promise<T>, options?: RunOptions): Promise<T>;
}

export interface RunOptions {
  /** Asked after a failure; false for a body that was a stream and is gone. */
  readonly isRepeatable?: () => boolean;
  readonly onMended?: (mending: Mending) => void;
}

export function createSigningSession(credentials: CredentialProvider, clock: Clock): SigningSession {
  let offset = 0;

  const signer = async (refresh: boolean): Promise<Signer> => ({
    credentials: await credentials({ refresh }),
    now: clock.now() + offset,
  });

  const followClock = (error: AppError): boolean => {
    const served = Date.parse(String(error.details.serverDate));
    if (Number.isNaN(served)) return false;
    offset = served - clock.now();
    return true;
  };

  const mendingOf = (error: unknown): Mending | undefined => {
    if (!isAppError(error)) return undefined;
    if (error.code === 'SecurityTokenExpired') return 'credentials';
    return followClock(error) ? 'clock' : undefined;
  };

  return {
    signer: () => signer(false),
    async run(send, { isRepeatable = () => true, onMended } = {}) {
      const mended = new Set<Mending>();
      for (let refresh = false; ; ) {
        try {
          return await send(await signer(refresh));
        } catch (error) {
          const mending = isRepeatable() ? mendingOf(error) : undefined;
          if (mending === undefined || mended.has(mending)) throw error;
          mended.add(mending);
          refresh = mending === 'credentials';
          onMended?.(mending);
        }
      }
    },
  };
}

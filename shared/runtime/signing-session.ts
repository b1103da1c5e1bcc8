import type { Clock } from './clock.ts';
import type { CredentialProvider, Credentials } from './credentials.ts';
import { type AppError, isAppError } from './errors.ts';

/** What a request is signed with. `now` is the time of the service in milliseconds since the epoch. */
export interface Signer {
  readonly credentials: Credentials;
  readonly now: number;
}

/** What was corrected before a request was repeated. */
export type Correction = 'credentials' | 'clock';

export interface SigningSession {
  signer(): Promise<Signer>;
  /**
   * Calls `send`, and repeats it at once, at most once per reason: expired credentials (`SecurityTokenExpired`) are fetched
   * again, and a wrong clock (an error with the detail `serverDate`) follows the service's clock from then on.
   */
  run<T>(send: (signer: Signer) => Promise<T>, options?: RunOptions): Promise<T>;
}

export interface RunOptions {
  /** Called after a failure. False for a stream that has been read. */
  readonly isRepeatable?: () => boolean;
  readonly onCorrected?: (correction: Correction) => void;
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

  const correctionOf = (error: unknown): Correction | undefined => {
    if (!isAppError(error)) return undefined;
    if (error.code === 'SecurityTokenExpired') return 'credentials';
    return followClock(error) ? 'clock' : undefined;
  };

  return {
    signer: () => signer(false),
    async run(send, { isRepeatable = () => true, onCorrected } = {}) {
      const corrected = new Set<Correction>();
      for (let refresh = false; ; ) {
        try {
          return await send(await signer(refresh));
        } catch (error) {
          const correction = isRepeatable() ? correctionOf(error) : undefined;
          if (correction === undefined || corrected.has(correction)) throw error;
          corrected.add(correction);
          refresh = correction === 'credentials';
          onCorrected?.(correction);
        }
      }
    },
  };
}

import type { CredentialProvider, Credentials } from './credentials.ts';

/** The part of Function Compute's context that is used. It is the same in 2.0 and 3.0. */
export interface InvocationContext {
  readonly requestId: string;
  /** Credentials of the function's role; absent without a role. They change during the life of an instance. */
  readonly credentials?: Credentials;
  /** Seconds. */
  readonly function: { readonly timeout: number };
}

export interface CredentialSlot {
  /** Keeps the credentials of a new invocation, which are the newest. */
  take(context: InvocationContext): void;
  readonly provider: CredentialProvider;
}

/** Clients live longer than the credentials of one invocation. They ask this provider at every request. */
export function createCredentialSlot(fallback: CredentialProvider): CredentialSlot {
  let cached: Credentials | undefined;
  return {
    take({ credentials }) {
      cached = credentials;
    },
    provider: async (options) => cached ?? fallback(options),
  };
}

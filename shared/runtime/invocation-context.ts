import type { CredentialProvider, Credentials } from './credentials.ts';

/** What Function Compute tells of an invocation, as far as it is used; the same in 2.0 and 3.0. */
export interface InvocationContext {
  readonly requestId: string;
  /** Of the function's role; absent when it has none. They change while an instance lives. */
  readonly credentials?: Credentials;
  /** Seconds. */
  readonly function: { readonly timeout: number };
}

export interface CredentialSlot {
  /** Holds those of the invocation that has just begun, which are the newest that there are. */
  take(context: InvocationContext): void;
  readonly provider: CredentialProvider;
}

/** Clients outlive an invocation, its credentials do not: the clients ask here at every request. */
export function createCredentialSlot(fallback: CredentialProvider): CredentialSlot {
  let held: Credentials | undefined;
  return {
    take({ credentials }) {
      held = credentials;
    },
    provider: async (options) => held ?? fallback(options),
  };
}

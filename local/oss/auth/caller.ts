/** Who sent a request. */
export type Caller =
  | { readonly kind: 'account'; readonly accountId: string; readonly accessKeyId: string }
  | { readonly kind: 'anonymous' };

/** The account id of a caller; anonymous requests have none. */
export function accountOf(caller: Caller): string {
  return caller.kind === 'account' ? caller.accountId : '';
}

/** A key that STS gave out for a time. */
export interface TemporaryCredential {
  readonly accountId: string;
  readonly accessKeySecret: string;
  readonly securityToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Looks a temporary access key up; `undefined` when there is none of that id. */
export type FindTemporaryCredential = (accessKeyId: string) => TemporaryCredential | undefined;

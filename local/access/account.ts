/** An account of the local cloud, with its one long-lived access key. */
export interface Account {
  /** Digits, such as `1234567890123456`. */
  readonly accountId: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

/** An access key that STS issued for a limited time. */
export interface TemporaryCredential {
  readonly accountId: string;
  readonly accessKeySecret: string;
  readonly securityToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Finds a temporary access key by its id. */
export type FindTemporaryCredential = (accessKeyId: string) => TemporaryCredential | undefined;

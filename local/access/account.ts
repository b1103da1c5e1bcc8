import type { Permits } from './policy.ts';

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
  /** What the policies of its role allow. @default everything that its account may do */
  readonly permits?: Permits;
  /** `acs:ram::<account>:assumed-role/<role>/<session>`. @default the account itself */
  readonly arn?: string;
}

/** Finds a temporary access key by its id. */
export type FindTemporaryCredential = (accessKeyId: string) => TemporaryCredential | undefined;

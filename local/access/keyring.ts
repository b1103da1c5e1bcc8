import type { Clock } from '../../shared/runtime/clock.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import type { Account, FindTemporaryCredential } from './account.ts';
import { isSame } from './compare.ts';
import type { Permits } from './policy.ts';
import { isSkewed } from './skew.ts';

/** Who may call a service, and whether that is checked. */
export interface AccessOptions {
  /** The first one owns queues, topics, rules and functions. */
  readonly accounts: readonly Account[];
  /** Finds the access keys that STS issued. @default there are none */
  readonly temporaryCredentials?: FindTemporaryCredential;
  /** Off: every request is accepted as whoever it names, or else as the first account. @default true */
  readonly checkSignatures?: boolean;
  /** Decides when signatures and temporary keys have expired. */
  readonly clock: Clock;
}

/** Why an access key or its security token is refused. */
export type KeyFault = 'unknown' | 'no-token' | 'wrong-token' | 'expired';

/** Whose key it is, and the secret to verify its signature with. */
export interface KeyHolder {
  readonly accountId: string;
  readonly accessKeySecret: string;
  readonly isTemporary: boolean;
  /** What the role of a temporary key allows. @default everything that its account may do */
  readonly permits?: Permits;
  /** Of a role's session. @default the account itself */
  readonly arn?: string;
}

/** The access keys that a service accepts. */
export interface Keyring {
  readonly accounts: readonly Account[];
  readonly owner: Account;
  readonly checkSignatures: boolean;
  /** Finds the holder of a key; a temporary key counts only with its token. Throws what `refuse` makes of the fault. */
  find(accessKeyId: string, securityToken: string | undefined, refuse: (fault: KeyFault) => Error): KeyHolder;
  /** Whether a request was signed too long before or after now. */
  isSkewed(signedAt: number): boolean;
}

export function createKeyring(options: AccessOptions): Keyring {
  const { accounts, temporaryCredentials, checkSignatures = true, clock } = options;
  const [owner] = accounts;
  if (!owner) throw new AppError('ConfigInvalid', 'a service needs at least one account');
  return {
    accounts,
    owner,
    checkSignatures,
    find(accessKeyId, securityToken, refuse) {
      const temporary = temporaryCredentials?.(accessKeyId);
      if (temporary) {
        if (securityToken === undefined) throw refuse('no-token');
        if (!isSame(securityToken, temporary.securityToken)) throw refuse('wrong-token');
        if (temporary.expiresAt <= clock.now()) throw refuse('expired');
        return { ...temporary, isTemporary: true };
      }
      const account = accounts.find((candidate) => candidate.accessKeyId === accessKeyId);
      if (!account) throw refuse('unknown');
      return { ...account, isTemporary: false };
    },
    isSkewed: (signedAt) => isSkewed(signedAt, clock),
  };
}

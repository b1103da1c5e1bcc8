import type { Clock } from '../../shared/runtime/clock.ts';
import type { Credentials } from '../../shared/runtime/credentials.ts';
import { type Random, randomDigits } from '../../shared/runtime/random.ts';
import type { FindTemporaryCredential, TemporaryCredential } from './account.ts';

export interface IssueOptions extends Pick<TemporaryCredential, 'permits' | 'arn'> {
  /** Milliseconds until all services refuse them. @default an hour */
  readonly durationMs?: number;
  /** Whose keys they are. @default the account of this STS */
  readonly accountId?: string;
}

/** Issues temporary access keys, as STS does for a role. They live as long as the process. */
export interface Sts {
  issue(options?: IssueOptions): Required<Credentials>;
  readonly find: FindTemporaryCredential;
}

const HOUR_MS = 3_600_000;

export function createSts(options: { accountId: string; clock: Clock; random: Random }): Sts {
  const { accountId, clock, random } = options;
  const issued = new Map<string, TemporaryCredential>();
  const token = (length: number) => randomDigits(random, length, 36);
  return {
    issue({ durationMs = HOUR_MS, accountId: owner = accountId, permits, arn } = {}) {
      const accessKeyId = `STS.${token(24)}`;
      const secrets = { accessKeySecret: token(44), securityToken: token(200) };
      const expiresAt = clock.now() + durationMs;
      issued.set(accessKeyId, { accountId: owner, ...secrets, expiresAt, permits, arn });
      return { accessKeyId, ...secrets, expiresAt };
    },
    find: (accessKeyId) => issued.get(accessKeyId),
  };
}

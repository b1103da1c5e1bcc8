import type { Clock } from '../../shared/runtime/clock.ts';
import type { Credentials } from '../../shared/runtime/credentials.ts';
import type { Random } from '../../shared/runtime/random.ts';
import type { FindTemporaryCredential, TemporaryCredential } from '../oss/index.ts';

export type { FindTemporaryCredential } from '../oss/index.ts';

/** Gives out temporary keys, as STS does for a role. They live as long as the process. */
export interface Sts {
  /** Valid for `durationMs` from now, an hour by default; then both services refuse them. */
  issue(options?: { durationMs?: number }): Required<Credentials>;
  readonly find: FindTemporaryCredential;
}

const HOUR_MS = 3_600_000;

export function createSts({
  accountId,
  clock,
  random,
}: {
  accountId: string;
  clock: Clock;
  random: Random;
}): Sts {
  const issued = new Map<string, TemporaryCredential>();
  const token = (length: number): string => {
    let text = '';
    while (text.length < length)
      text += Math.floor(random() * 36 ** 8)
        .toString(36)
        .padStart(8, '0');
    return text.slice(0, length);
  };
  return {
    issue({ durationMs = HOUR_MS } = {}) {
      const accessKeyId = `STS.${token(24)}`;
      const credential = {
        accountId,
        accessKeySecret: token(44),
        securityToken: token(200),
        expiresAt: clock.now() + durationMs,
      };
      issued.set(accessKeyId, credential);
      const { accessKeySecret, securityToken, expiresAt } = credential;
      return { accessKeyId, accessKeySecret, securityToken, expiresAt };
    },
    find: (accessKeyId) => issued.get(accessKeyId),
  };
}

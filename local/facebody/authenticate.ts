import type { Clock } from '../../shared/runtime/clock.ts';
import { type Acs3SignedRequest, createAcs3Verifier } from '../acs3.ts';
import type { Account } from '../types.ts';
import { FaceBodyRefusal } from './errors.ts';

/** Whose request it is; refuses one that none of the accounts' keys signed, or that was sent before. */
export function createAuthenticate(options: {
  readonly accounts: readonly Account[];
  readonly clock: Clock;
}): (request: Acs3SignedRequest) => Account {
  const verify = createAcs3Verifier(options);
  return (request) => {
    const account = verify(request);
    if (typeof account === 'string') throw new FaceBodyRefusal(account);
    return account;
  };
}

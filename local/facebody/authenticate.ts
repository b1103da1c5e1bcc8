import { parseAcs3Authorization } from '../../shared/runtime/acs3.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { type Acs3Caller, type Acs3SignedRequest, createAcs3Verifier } from '../access/acs3.ts';
import type { FindTemporaryCredential } from '../access/sts.ts';
import type { Account } from '../access/account.ts';
import { FaceBodyRefusal } from './errors.ts';

export interface AuthenticateOptions {
  readonly accounts: readonly Account[];
  readonly temporaryCredentials?: FindTemporaryCredential | undefined;
  /** Off: every request is taken for who it says it is, others for the first account's. */
  readonly checkSignatures: boolean;
  readonly clock: Clock;
}

/** Whose request it is; refuses one that none of the known keys signed, or that was sent before. */
export function createAuthenticate(options: AuthenticateOptions): (request: Acs3SignedRequest) => Acs3Caller {
  const { accounts, checkSignatures } = options;
  if (!checkSignatures) {
    return ({ headers }) => {
      const claim = parseAcs3Authorization(headers.authorization ?? '');
      return accounts.find(({ accessKeyId }) => accessKeyId === claim?.accessKeyId) ?? accounts[0]!;
    };
  }
  const verify = createAcs3Verifier(options);
  return (request) => {
    const caller = verify(request);
    if (typeof caller === 'string') throw new FaceBodyRefusal(caller);
    return caller;
  };
}

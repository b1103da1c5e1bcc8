import { parseAcs3Authorization } from '../../shared/runtime/acs3.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { type Acs3ErrorCode, createAcs3Verifier } from '../access/acs3.ts';
import type { KeyHolder, Keyring } from '../access/keyring.ts';
import type { SignedRequest } from '../access/signed-request.ts';
import { FaceBodyRefusal } from './errors.ts';

/** Returns the sender. Throws `FaceBodyRefusal` unless a known key signed the request, once. */
export type Authenticate = (
  request: SignedRequest & { readonly body: Buffer },
) => Pick<KeyHolder, 'accountId' | 'permits'>;

export function createAuthenticate(keyring: Keyring, clock: Clock): Authenticate {
  const { accounts, owner, checkSignatures } = keyring;
  if (!checkSignatures) {
    return ({ headers }) => {
      const claim = parseAcs3Authorization(headers.authorization ?? '');
      return accounts.find(({ accessKeyId }) => accessKeyId === claim?.accessKeyId) ?? owner;
    };
  }
  const refuse = (code: Acs3ErrorCode) => new FaceBodyRefusal(code);
  const verify = createAcs3Verifier({ keyring, clock, refuse });
  return verify;
}

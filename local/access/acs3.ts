import type { IncomingMessage } from 'node:http';
import {
  acs3ContentHash,
  acs3Signature,
  acs3SignedHeaders,
  acs3StringToSign,
  parseAcs3Authorization,
} from '../../shared/runtime/acs3.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { isSame } from './compare.ts';
import type { KeyFault, KeyHolder, Keyring } from './keyring.ts';
import type { SignedRequest } from './signed-request.ts';
import { MAX_SKEW_MS } from './skew.ts';

/** doc: the common errors of the API gateway. */
export const ACS3_ERRORS = {
  IncompleteSignature: [400, 'The request signature does not conform to Aliyun standards.'],
  'InvalidAccessKeyId.NotFound': [404, 'Specified access key is not found.'],
  'InvalidSecurityToken.Expired': [400, 'Specified SecurityToken is expired.'],
  'InvalidSecurityToken.MismatchWithAccessKey': [400, 'Specified SecurityToken mismatch with the AccessKey.'],
  'InvalidTimeStamp.Expired': [400, 'Specified time stamp or date value is expired.'],
  SignatureDoesNotMatch: [400, 'Specified signature is not matched with our calculation.'],
  SignatureNonceUsed: [400, 'Specified signature nonce was used already.'],
} as const;

export type Acs3ErrorCode = keyof typeof ACS3_ERRORS;

const KEY_ERRORS = {
  unknown: 'InvalidAccessKeyId.NotFound',
  'no-token': 'InvalidSecurityToken.MismatchWithAccessKey',
  'wrong-token': 'InvalidSecurityToken.MismatchWithAccessKey',
  expired: 'InvalidSecurityToken.Expired',
} as const satisfies Record<KeyFault, Acs3ErrorCode>;

/** Returns the holder of the key that signed the request; throws what `refuse` makes of a fault. */
export type VerifyAcs3 = (request: SignedRequest & { readonly body: Buffer }) => KeyHolder;

/** Verifies ACS3-HMAC-SHA256, the signature of the API gateway, including that each nonce is used once. */
export function createAcs3Verifier(options: {
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly refuse: (code: Acs3ErrorCode) => Error;
}): VerifyAcs3 {
  const { keyring, refuse } = options;
  const isFresh = createNonceMemory(options.clock);
  return (request) => {
    const { headers } = request;
    const claim = parseAcs3Authorization(headers.authorization ?? '');
    const date = Date.parse(headers['x-acs-date'] ?? '');
    const nonce = headers['x-acs-signature-nonce'];
    if (!claim || Number.isNaN(date) || !nonce) throw refuse('IncompleteSignature');
    // A header that is not signed could have been changed on the way.
    if (acs3SignedHeaders(headers).join() !== claim.signedHeaders.join()) throw refuse('IncompleteSignature');
    const token = headers['x-acs-security-token'];
    const holder = keyring.find(claim.accessKeyId, token, (fault) => refuse(KEY_ERRORS[fault]));
    if (keyring.isSkewed(date)) throw refuse('InvalidTimeStamp.Expired');
    const isWhole = headers['x-acs-content-sha256'] === acs3ContentHash(request.body);
    if (!isWhole || !isSame(claim.signature, signatureOf(request, holder.accessKeySecret))) {
      throw refuse('SignatureDoesNotMatch');
    }
    if (!isFresh(nonce)) throw refuse('SignatureNonceUsed');
    return holder;
  };
}

/** The operation that a request to an API of the gateway names. */
export function acs3ActionOf({ headers }: IncomingMessage): string | undefined {
  const action = headers['x-acs-action'];
  return typeof action === 'string' ? action : undefined;
}

/** doc: a nonce counts once. It is remembered for as long as its date would be accepted. */
function createNonceMemory(clock: Clock): (nonce: string) => boolean {
  // In the order of use.
  const usedAt = new Map<string, number>();
  return (nonce) => {
    const now = clock.now();
    for (const [known, time] of usedAt) {
      if (now - time <= 2 * MAX_SKEW_MS) break;
      usedAt.delete(known);
    }
    if (usedAt.has(nonce)) return false;
    usedAt.set(nonce, now);
    return true;
  };
}

function signatureOf({ method, target, headers }: SignedRequest, secret: string): string {
  const { pathname, searchParams } = new URL(target, 'http://openapi');
  const signed = { method, path: pathname, query: [...searchParams], headers };
  return acs3Signature(secret, acs3StringToSign(signed));
}

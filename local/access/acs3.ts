import { timingSafeEqual } from 'node:crypto';
import {
  acs3ContentHash,
  acs3Signature,
  acs3SignedHeaders,
  acs3StringToSign,
  parseAcs3Authorization,
} from '../../shared/runtime/acs3.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { isSkewed, MAX_SKEW_MS } from './skew.ts';
import type { FindTemporaryCredential } from './sts.ts';
import type { Account } from './account.ts';

export interface Acs3SignedRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** doc: the common errors of the API gateway, with their status and message. */
export const ACS3_FAULTS = {
  IncompleteSignature: [400, 'The request signature does not conform to Aliyun standards.'],
  'InvalidAccessKeyId.NotFound': [404, 'Specified access key is not found.'],
  'InvalidSecurityToken.Expired': [400, 'Specified SecurityToken is expired.'],
  'InvalidSecurityToken.MismatchWithAccessKey': [400, 'Specified SecurityToken mismatch with the AccessKey.'],
  'InvalidTimeStamp.Expired': [400, 'Specified time stamp or date value is expired.'],
  SignatureDoesNotMatch: [400, 'Specified signature is not matched with our calculation.'],
  SignatureNonceUsed: [400, 'Specified signature nonce was used already.'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type Acs3Fault = keyof typeof ACS3_FAULTS;

/** Whose key signed the request, or what is wrong with the signature. */
export type VerifyAcs3 = (request: Acs3SignedRequest) => Acs3Caller | Acs3Fault;
export type Acs3Caller = Pick<Account, 'accountId'>;

export function createAcs3Verifier(options: {
  readonly accounts: readonly Account[];
  /** Looks up the access keys that STS gave out. */
  readonly temporaryCredentials?: FindTemporaryCredential | undefined;
  readonly clock: Clock;
}): VerifyAcs3 {
  const { accounts, temporaryCredentials, clock } = options;
  /** doc: a nonce counts once. Kept in the order of use, for as long as its date would be accepted. */
  const nonces = new Map<string, number>();
  const isFresh = (nonce: string): boolean => {
    const now = clock.now();
    for (const [known, usedAt] of nonces) {
      if (now - usedAt <= 2 * MAX_SKEW_MS) break;
      nonces.delete(known);
    }
    if (nonces.has(nonce)) return false;
    nonces.set(nonce, now);
    return true;
  };

  return (request) => {
    const { headers } = request;
    const claim = parseAcs3Authorization(headers.authorization ?? '');
    const date = Date.parse(headers['x-acs-date'] ?? '');
    const nonce = headers['x-acs-signature-nonce'];
    if (!claim || Number.isNaN(date) || !nonce) return 'IncompleteSignature';
    // What is not signed could have been changed on the way.
    if (acs3SignedHeaders(headers).join() !== claim.signedHeaders.join()) return 'IncompleteSignature';
    const temporary = temporaryCredentials?.(claim.accessKeyId);
    const key = temporary ?? accounts.find(({ accessKeyId }) => accessKeyId === claim.accessKeyId);
    if (!key) return 'InvalidAccessKeyId.NotFound';
    if (temporary && headers['x-acs-security-token'] !== temporary.securityToken) {
      return 'InvalidSecurityToken.MismatchWithAccessKey';
    }
    if (temporary && temporary.expiresAt <= clock.now()) return 'InvalidSecurityToken.Expired';
    if (isSkewed(date, clock)) return 'InvalidTimeStamp.Expired';
    if (headers['x-acs-content-sha256'] !== acs3ContentHash(request.body)) return 'SignatureDoesNotMatch';
    if (!same(claim.signature, signatureOf(request, key.accessKeySecret))) return 'SignatureDoesNotMatch';
    return isFresh(nonce) ? key : 'SignatureNonceUsed';
  };
}

function signatureOf({ method, target, headers }: Acs3SignedRequest, secret: string): string {
  const { pathname, searchParams } = new URL(target, 'http://openapi');
  return acs3Signature(
    secret,
    acs3StringToSign({ method, path: pathname, query: [...searchParams], headers }),
  );
}

function same(left: string, right: string): boolean {
  return timingSafeEqual(Buffer.from(left, 'hex'), Buffer.from(right, 'hex'));
}

import { timingSafeEqual } from 'node:crypto';
import {
  acs3ContentHash,
  acs3Signature,
  acs3SignedHeaders,
  acs3StringToSign,
  parseAcs3Authorization,
} from '../../shared/runtime/acs3.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Account } from '../types.ts';
import { FaceBodyRefusal } from './errors.ts';

/** doc: how far the date of a request may lie from the server's. */
const MAX_SKEW_MS = 15 * 60 * 1000;

export interface SignedRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * Whose request it is; refuses one that none of the accounts' keys signed, or that was sent before.
 * guess: a security token is signed like any header, and nobody looks at it here.
 */
export function createAuthenticate(options: {
  readonly accounts: readonly Account[];
  readonly clock: Clock;
}): (request: SignedRequest) => Account {
  const { accounts, clock } = options;
  const nonces = new Map<string, number>();

  /** doc: a nonce counts once; it is kept as long as its date would be accepted. */
  const useNonce = (nonce: string): void => {
    const now = clock.now();
    for (const [known, usedAt] of nonces) {
      if (now - usedAt <= 2 * MAX_SKEW_MS) break;
      nonces.delete(known);
    }
    if (nonces.has(nonce)) throw new FaceBodyRefusal('SignatureNonceUsed');
    nonces.set(nonce, now);
  };

  return (request) => {
    const { headers } = request;
    const claim = parseAcs3Authorization(headers.authorization ?? '');
    if (!claim) throw new FaceBodyRefusal('IncompleteSignature');
    const account = accounts.find(({ accessKeyId }) => accessKeyId === claim.accessKeyId);
    if (!account) throw new FaceBodyRefusal('InvalidAccessKeyId.NotFound');
    const date = Date.parse(headers['x-acs-date'] ?? '');
    if (Number.isNaN(date)) throw new FaceBodyRefusal('IncompleteSignature', 'x-acs-date is no date.');
    if (Math.abs(clock.now() - date) > MAX_SKEW_MS) throw new FaceBodyRefusal('InvalidTimeStamp.Expired');
    if (!isSigned(request, claim, account.accessKeySecret))
      throw new FaceBodyRefusal('SignatureDoesNotMatch');
    useNonce(headers['x-acs-signature-nonce'] ?? '');
    return account;
  };
}

function isSigned(
  { method, target, headers, body }: SignedRequest,
  claim: { readonly signedHeaders: readonly string[]; readonly signature: string },
  secret: string,
): boolean {
  // Whatever is not signed could have been changed on the way.
  if (acs3SignedHeaders(headers).join() !== claim.signedHeaders.join()) return false;
  if (headers['x-acs-content-sha256'] !== acs3ContentHash(body)) return false;
  const { pathname, searchParams } = new URL(target, 'http://facebody');
  const text = acs3StringToSign({ method, path: pathname, query: [...searchParams], headers });
  return timingSafeEqual(
    Buffer.from(acs3Signature(secret, text), 'hex'),
    Buffer.from(claim.signature, 'hex'),
  );
}

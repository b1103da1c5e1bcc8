import { createHash, timingSafeEqual } from 'node:crypto';
import { MAX_SKEW_MS } from '../../skew.ts';
import type { Account } from '../../types.ts';
import { OssError } from '../errors.ts';
import type { Address } from '../http/address.ts';
import type { Caller, FindTemporaryCredential } from './caller.ts';
import { type Claim, readClaim } from './claim.ts';
import type { SignedRequest } from './signed-request.ts';

export interface Keyring {
  readonly accounts: readonly Account[];
  readonly findTemporary?: FindTemporaryCredential | undefined;
  readonly checkSignatures: boolean;
  /** Whether a request was signed too long before or after. */
  readonly isSkewed: (signedAt: number) => boolean;
}

/**
 * Checks the signature against each reading of the address and tells the reading that it covers. Unsigned requests
 * are anonymous; without checking they count as the first account's.
 */
export function authenticate(
  request: SignedRequest,
  readings: readonly Address[],
  keyring: Keyring,
): { caller: Caller; address: Address } {
  const claim = readClaim(request);
  const address = readings[0]!;
  if (!claim) {
    const owner = keyring.checkSignatures ? undefined : keyring.accounts[0];
    if (!owner) return { caller: { kind: 'anonymous' }, address };
    return { caller: { kind: 'account', ...owner }, address };
  }
  const holder = findHolder(claim.accessKeyId, claim.securityToken, request.time, keyring);
  const caller: Caller = { kind: 'account', accountId: holder.accountId, accessKeyId: claim.accessKeyId };
  if (!keyring.checkSignatures) return { caller, address };
  checkTime(claim, request.time, keyring);
  for (const reading of readings) {
    const { signature, tolerated = signature } = claim.sign(holder.accessKeySecret, reading);
    if (isSame(claim.signature, signature) || isSame(claim.signature, tolerated)) {
      return { caller, address: reading };
    }
  }
  const { stringToSign } = claim.sign(holder.accessKeySecret, address);
  throw new OssError('SignatureDoesNotMatch', {
    elements: {
      OSSAccessKeyId: claim.accessKeyId,
      SignatureProvided: claim.signature,
      StringToSign: stringToSign,
      StringToSignBytes: Buffer.from(stringToSign)
        .toString('hex')
        .replace(/..(?=.)/g, '$& ')
        .toUpperCase(),
    },
  });
}

/** The secret behind an access key. A temporary key is worth nothing without its token, a lasting one has none. */
export function findHolder(
  accessKeyId: string,
  securityToken: string | undefined,
  time: number,
  { accounts, findTemporary }: Keyring,
): { accountId: string; accessKeySecret: string } {
  const temporary = findTemporary?.(accessKeyId);
  if (temporary) {
    if (securityToken === undefined)
      throw new OssError('InvalidAccessKeyId', { elements: { OSSAccessKeyId: accessKeyId } });
    if (!isSame(securityToken, temporary.securityToken))
      throw new OssError('AccessKeyIdAndSecurityTokenNotMatch');
    if (time >= temporary.expiresAt) throw new OssError('SecurityTokenExpired');
    return temporary;
  }
  const account = accounts.find((candidate) => candidate.accessKeyId === accessKeyId);
  if (!account) throw new OssError('InvalidAccessKeyId', { elements: { OSSAccessKeyId: accessKeyId } });
  if (securityToken !== undefined) throw new OssError('InvalidSecurityToken');
  return account;
}

function checkTime(
  { signedAt, expiresAt }: Pick<Claim, 'signedAt' | 'expiresAt'>,
  now: number,
  { isSkewed }: Keyring,
): void {
  if (expiresAt !== undefined && now > expiresAt) {
    throw new OssError('AccessDenied', {
      message: 'Request has expired.',
      elements: { Expires: new Date(expiresAt).toISOString(), ServerTime: new Date(now).toISOString() },
    });
  }
  if (signedAt !== undefined && isSkewed(signedAt)) {
    throw new OssError('RequestTimeTooSkewed', {
      elements: {
        RequestTime: new Date(signedAt).toISOString(),
        ServerTime: new Date(now).toISOString(),
        MaxAllowedSkewMilliseconds: String(MAX_SKEW_MS),
      },
    });
  }
}

/** Compares digests, so that neither the time nor the length of the comparison tells anything. */
export function isSame(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}

import { isSame } from '../../access/compare.ts';
import type { KeyFault, KeyHolder, Keyring } from '../../access/keyring.ts';
import { MAX_SKEW_MS } from '../../access/skew.ts';
import type { OssContext } from '../context.ts';
import { type OssErrorCode, OssRefusal } from '../errors.ts';
import type { Address } from '../http/address.ts';
import type { Caller } from './caller.ts';
import { type Claim, readClaim } from './claim.ts';
import type { SignedRequest } from './signed-request.ts';

const KEY_ERRORS = {
  unknown: 'InvalidAccessKeyId',
  'no-token': 'InvalidAccessKeyId',
  'wrong-token': 'AccessKeyIdAndSecurityTokenNotMatch',
  expired: 'SecurityTokenExpired',
} as const satisfies Record<KeyFault, OssErrorCode>;

/**
 * Checks the signature against each reading of the address and returns the reading that it covers. Unsigned requests
 * are anonymous; if signatures are not checked, they count as the first account's.
 */
export function authenticate(
  request: SignedRequest,
  readings: readonly Address[],
  { keyring, region }: Pick<OssContext, 'keyring' | 'region'>,
): { caller: Caller; address: Address } {
  const claim = readClaim(request, region);
  const address = readings[0]!;
  if (!claim) {
    if (keyring.checkSignatures) return { caller: { kind: 'anonymous' }, address };
    return { caller: { kind: 'account', ...keyring.owner }, address };
  }
  const holder = findHolder(claim.accessKeyId, claim.securityToken, keyring);
  const caller = callerOf(claim.accessKeyId, holder);
  if (!keyring.checkSignatures) return { caller, address };
  checkTime(claim, request.time, keyring);
  for (const reading of readings) {
    const { signature, tolerated = signature } = claim.sign(holder.accessKeySecret, reading);
    if (isSame(claim.signature, signature) || isSame(claim.signature, tolerated)) {
      return { caller, address: reading };
    }
  }
  const { stringToSign } = claim.sign(holder.accessKeySecret, address);
  throw new OssRefusal('SignatureDoesNotMatch', {
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

export function callerOf(accessKeyId: string, { accountId, permits }: KeyHolder): Caller {
  return { kind: 'account', accountId, accessKeyId, permits };
}

/** Finds the holder of an access key; only a temporary key has a token. */
export function findHolder(
  accessKeyId: string,
  securityToken: string | undefined,
  keyring: Keyring,
): KeyHolder {
  const holder = keyring.find(accessKeyId, securityToken, (fault) => {
    const code = KEY_ERRORS[fault];
    return new OssRefusal(
      code,
      code === 'InvalidAccessKeyId' ? { elements: { OSSAccessKeyId: accessKeyId } } : {},
    );
  });
  if (securityToken !== undefined && !holder.isTemporary) throw new OssRefusal('InvalidSecurityToken');
  return holder;
}

function checkTime({ signedAt, expiresAt }: Claim, now: number, { isSkewed }: Keyring): void {
  if (expiresAt !== undefined && now > expiresAt) {
    throw new OssRefusal('AccessDenied', {
      message: 'Request has expired.',
      elements: { Expires: new Date(expiresAt).toISOString(), ServerTime: new Date(now).toISOString() },
    });
  }
  if (signedAt !== undefined && isSkewed(signedAt)) {
    throw new OssRefusal('RequestTimeTooSkewed', {
      elements: {
        RequestTime: new Date(signedAt).toISOString(),
        ServerTime: new Date(now).toISOString(),
        MaxAllowedSkewMilliseconds: String(MAX_SKEW_MS),
      },
    });
  }
}

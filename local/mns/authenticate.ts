import { signMnsV2, signMnsV4, stringToSignMnsV2, stringToSignMnsV4 } from '../../shared/mns/signature.ts';
import { compactDate } from '../../shared/runtime/aliyun-v4.ts';
import { isSame } from '../access/compare.ts';
import type { KeyFault, Keyring } from '../access/keyring.ts';
import type { Permits } from '../access/policy.ts';
import type { SignedRequest } from '../access/signed-request.ts';
import type { Headers } from '../http/headers.ts';
import { MnsRefusal } from './errors.ts';

/**
 * Throws `MnsRefusal` unless a key of the keyring's owner signed the request; keys of other accounts are denied. Returns
 * what the role of the key allows; `undefined` stands for everything.
 */
export type Authenticate = (request: SignedRequest) => Permits | undefined;

/** guess: the codes for tokens, which are those of OSS. */
const KEY_ERRORS = {
  unknown: 'InvalidAccessKeyId',
  'no-token': 'InvalidSecurityToken',
  'wrong-token': 'InvalidSecurityToken',
  expired: 'SecurityTokenExpired',
} as const satisfies Record<KeyFault, string>;

export function createAuthenticate(keyring: Keyring, region: string): Authenticate {
  if (!keyring.checkSignatures) return () => undefined;
  return (request) => {
    const { headers } = request;
    const version = headers['x-mns-version'];
    if (!headers.authorization) throw new MnsRefusal('MissingAuthorizationHeader');
    if (!version) throw new MnsRefusal('MissingVersionHeader');
    if (version !== '2015-06-06') throw new MnsRefusal('InvalidVersionHeader');
    const time = timeOf(headers);
    const claim = readClaim(headers.authorization, region);
    if (keyring.isSkewed(time)) throw new MnsRefusal('TimeExpired');
    // doc: the token accompanies the signature, which does not cover it.
    const token = headers['security-token'];
    const holder = keyring.find(claim.accessKeyId, token, (fault) => new MnsRefusal(KEY_ERRORS[fault]));
    const expected = claim.sign(holder.accessKeySecret, request, time);
    if (!isSame(expected, claim.signature)) throw new MnsRefusal('SignatureDoesNotMatch');
    if (holder.accountId !== keyring.owner.accountId) throw new MnsRefusal('AccessDenied');
    return holder.permits;
  };
}

interface Claim {
  readonly accessKeyId: string;
  readonly signature: string;
  readonly sign: (secret: string, request: SignedRequest, time: number) => string;
}

function readClaim(authorization: string, region: string): Claim {
  const v2 = /^MNS ([^:\s]+):(\S+)$/.exec(authorization);
  if (v2) {
    return {
      accessKeyId: v2[1]!,
      signature: v2[2]!,
      sign: (secret, request) => signMnsV2(secret, stringToSignMnsV2(request)),
    };
  }
  const v4 =
    /^MNS4-HMAC-SHA256 Credential=([^/\s]+)\/\d{8}\/[^/]+\/mns\/aliyun_v4_request,\s*Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  if (v4) {
    return {
      accessKeyId: v4[1]!,
      signature: v4[2]!,
      sign: (secret, request, time) => signV4(secret, request, { date: compactDate(time), region }),
    };
  }
  throw new MnsRefusal('InvalidAuthorizationHeader');
}

function signV4(secret: string, request: SignedRequest, context: { date: string; region: string }): string {
  const { pathname, searchParams } = new URL(request.target, 'http://mns');
  const { method, headers } = request;
  const signed = { method, path: decodeURIComponent(pathname), query: [...searchParams], headers };
  return signMnsV4({ secret, ...context }, stringToSignMnsV4(context, signed));
}

/** doc: `x-mns-date` may replace `Date`. */
function timeOf(headers: Headers): number {
  const date = headers.date ?? headers['x-mns-date'];
  if (!date) throw new MnsRefusal('MissingDateHeader');
  const time = Date.parse(date);
  if (Number.isNaN(time)) throw new MnsRefusal('InvalidDateHeader');
  return time;
}

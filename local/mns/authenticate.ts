import { timingSafeEqual } from 'node:crypto';
import { signMnsV2, signMnsV4, stringToSignMnsV2, stringToSignMnsV4 } from '../../shared/mns/signature.ts';
import { compactDate } from '../../shared/runtime/aliyun-v4.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { isSkewed } from '../access/skew.ts';
import type { FindTemporaryCredential } from '../access/sts.ts';
import type { Account } from '../access/account.ts';
import { MnsRefusal } from './errors.ts';

export interface SignedRequest {
  readonly method: string;
  /** As it came on the wire: SDKs differ in what they encode, and all sign what they send. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Refuses what the service refuses; returns for a request that one of the accounts' keys signed. */
export type Authenticate = (request: SignedRequest) => void;

/** The first account owns everything here; a key of another account is known, but denied. */
export function createAuthenticate(options: {
  accounts: readonly Account[];
  temporaryCredentials: FindTemporaryCredential;
  region: string;
  clock: Clock;
}): Authenticate {
  const { accounts, temporaryCredentials, region, clock } = options;
  return (request) => {
    const { headers } = request;
    const version = headers['x-mns-version'];
    if (!headers.authorization) throw new MnsRefusal('MissingAuthorizationHeader');
    if (!version) throw new MnsRefusal('MissingVersionHeader');
    if (version !== '2015-06-06') throw new MnsRefusal('InvalidVersionHeader');
    const time = timeOf(headers);
    const claim = readClaim(headers.authorization, region);
    if (isSkewed(time, clock)) throw new MnsRefusal('TimeExpired');
    const temporary = temporaryCredentials(claim.accessKeyId);
    const key = temporary ?? accounts.find(({ accessKeyId }) => accessKeyId === claim.accessKeyId);
    if (!key) throw new MnsRefusal('InvalidAccessKeyId');
    // doc: the token stands beside the signature, which does not cover it; guess: the two codes, which are OSS's.
    if (temporary && headers['security-token'] !== temporary.securityToken) {
      throw new MnsRefusal('InvalidSecurityToken');
    }
    if (temporary && temporary.expiresAt <= clock.now()) throw new MnsRefusal('SecurityTokenExpired');
    const expected = claim.sign(key.accessKeySecret, request, time);
    if (!same(expected, claim.signature)) throw new MnsRefusal('SignatureDoesNotMatch');
    if (key.accountId !== accounts[0]!.accountId) throw new MnsRefusal('AccessDenied');
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
  const parts = { method, path: decodeURIComponent(pathname), query: [...searchParams], headers };
  return signMnsV4({ secret, ...context }, stringToSignMnsV4(context, parts));
}

/** doc: `x-mns-date` may stand in for `Date`. */
function timeOf(headers: SignedRequest['headers']): number {
  const date = headers.date ?? headers['x-mns-date'];
  if (!date) throw new MnsRefusal('MissingDateHeader');
  const time = Date.parse(date);
  if (Number.isNaN(time)) throw new MnsRefusal('InvalidDateHeader');
  return time;
}

function same(expected: string, given: string): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(given)];
  return left.length === right.length && timingSafeEqual(left, right);
}

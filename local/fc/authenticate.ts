import { createHash, createHmac } from 'node:crypto';
import type { Clock } from '../../shared/runtime/clock.ts';
import { type Acs3ErrorCode, createAcs3Verifier } from '../access/acs3.ts';
import { isSame } from '../access/compare.ts';
import type { KeyFault, Keyring } from '../access/keyring.ts';
import type { SignedRequest } from '../access/signed-request.ts';
import { FcRefusal } from './errors.ts';

export interface SignedInvocation extends SignedRequest {
  readonly body: Buffer;
}

/** Throws `FcRefusal` unless a key of the keyring signed the request. */
export type Authenticate = (request: SignedInvocation, api: '2.0' | '3.0') => void;

/** guess: one code for all faults of a token. */
const KEY_ERRORS = {
  unknown: 'InvalidAccessKeyID',
  'no-token': 'SecurityTokenExpired',
  'wrong-token': 'SecurityTokenExpired',
  expired: 'SecurityTokenExpired',
} as const satisfies Record<KeyFault, string>;

export function createAuthenticate(keyring: Keyring, clock: Clock): Authenticate {
  if (!keyring.checkSignatures) return () => {};
  const verifyAcs3 = createAcs3Verifier({ keyring, clock, refuse: ofAcs3 });
  return (request, api) => {
    if (api === '2.0') verifyFc(request, keyring);
    else verifyAcs3(request);
  };
}

/** guess: Function Compute keeps the codes of its older API. */
function ofAcs3(code: Acs3ErrorCode): FcRefusal {
  if (code === 'InvalidAccessKeyId.NotFound') return new FcRefusal('InvalidAccessKeyID', code);
  if (code.startsWith('InvalidSecurityToken')) return new FcRefusal('SecurityTokenExpired', code);
  return new FcRefusal('SignatureNotMatch', code);
}

/** sdk: `FC <key id>:<signature>`. */
function verifyFc(request: SignedInvocation, keyring: Keyring): void {
  const { headers, body } = request;
  const [, accessKeyId = '', signature = ''] = /^FC ([^:]+):(.+)$/.exec(headers.authorization ?? '') ?? [];
  const token = headers['x-fc-security-token'];
  const holder = keyring.find(accessKeyId, token, (fault) => new FcRefusal(KEY_ERRORS[fault]));
  if (keyring.isSkewed(Date.parse(headers.date ?? ''))) {
    throw new FcRefusal('SignatureNotMatch', 'the date is missing or too far from the time of the service');
  }
  const isWhole = (headers['content-md5'] ?? '') === (body.length > 0 ? fcContentMd5(body) : '');
  const expected = createHmac('sha256', holder.accessKeySecret)
    .update(fcStringToSign(request))
    .digest('base64');
  if (!isWhole || !isSame(signature, expected)) throw new FcRefusal('SignatureNotMatch');
}

/** sdk: Base64 of the digest's hex text, not of the digest. */
function fcContentMd5(body: Buffer): string {
  return Buffer.from(createHash('md5').update(body).digest('hex')).toString('base64');
}

/** sdk: the lines that `@alicloud/fc2` signs. */
function fcStringToSign({ method, target, headers }: SignedRequest): string {
  const { pathname } = new URL(target, 'http://fc');
  const own = Object.keys(headers)
    .filter((name) => name.startsWith('x-fc-'))
    .sort()
    .map((name) => `${name}:${headers[name]}\n`);
  const lines = [method, headers['content-md5'], headers['content-type'], headers.date];
  return `${lines.map((line) => `${line ?? ''}\n`).join('')}${own.join('')}${decodeURIComponent(pathname)}`;
}

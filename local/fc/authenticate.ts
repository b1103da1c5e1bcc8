import { createHash, createHmac } from 'node:crypto';
import { acs3Signature, acs3StringToSign, parseAcs3Authorization } from '../../shared/runtime/acs3.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { type Acs3ErrorCode, createAcs3Verifier } from '../access/acs3.ts';
import { isSame } from '../access/compare.ts';
import type { KeyFault, KeyHolder, Keyring } from '../access/keyring.ts';
import type { SignedRequest } from '../access/signed-request.ts';
import { FcRefusal } from './errors.ts';

export interface SignedInvocation extends SignedRequest {
  readonly body: Buffer;
}

/** Returns the holder of the key that signed the request; `undefined` if nothing is checked. Throws `FcRefusal`. */
export type Authenticate = (
  request: SignedInvocation,
  api: '2.0' | '3.0' | 'trigger',
) => KeyHolder | undefined;

/** guess: one code for all faults of a token. */
const KEY_ERRORS = {
  unknown: 'InvalidAccessKeyID',
  'no-token': 'SecurityTokenExpired',
  'wrong-token': 'SecurityTokenExpired',
  expired: 'SecurityTokenExpired',
} as const satisfies Record<KeyFault, string>;

export function createAuthenticate(keyring: Keyring, clock: Clock): Authenticate {
  if (!keyring.checkSignatures) return () => undefined;
  const verifyAcs3 = createAcs3Verifier({ keyring, clock, refuse: ofAcs3 });
  return (request, api) => {
    if (api === '2.0' || request.headers.authorization?.startsWith('FC ')) return verifyFc(request, keyring);
    return api === 'trigger' ? verifyTrigger(request, keyring) : verifyAcs3(request);
  };
}

/** guess: Function Compute keeps the codes of its older API. */
function ofAcs3(code: Acs3ErrorCode): FcRefusal {
  if (code === 'InvalidAccessKeyId.NotFound') return new FcRefusal('InvalidAccessKeyID', code);
  if (code.startsWith('InvalidSecurityToken')) return new FcRefusal('SecurityTokenExpired', code);
  return new FcRefusal('SignatureNotMatch', code);
}

/** sdk: `FC <key id>:<signature>`. */
function verifyFc(request: SignedInvocation, keyring: Keyring): KeyHolder {
  const { headers, body } = request;
  const [, accessKeyId = '', signature = ''] = /^FC ([^:]+):(.+)$/.exec(headers.authorization ?? '') ?? [];
  const holder = findHolder(accessKeyId, headers['x-fc-security-token'], keyring);
  checkTime(headers.date, keyring);
  const isWhole = (headers['content-md5'] ?? '') === (body.length > 0 ? fcContentMd5(body) : '');
  const expected = [fcStringToSign(request, false), fcStringToSign(request, true)].map((text) =>
    createHmac('sha256', holder.accessKeySecret).update(text).digest('base64'),
  );
  if (!isWhole || !expected.some((candidate) => isSame(signature, candidate)))
    throw new FcRefusal('SignatureNotMatch');
  return holder;
}

/** doc: a request to an HTTP trigger is signed without its body, and may come twice. */
function verifyTrigger({ method, target, headers }: SignedInvocation, keyring: Keyring): KeyHolder {
  const claim = parseAcs3Authorization(headers.authorization ?? '');
  if (!claim) throw new FcRefusal('SignatureNotMatch', 'the trigger wants a signature: authType is function');
  const holder = findHolder(claim.accessKeyId, headers['x-acs-security-token'], keyring);
  checkTime(headers['x-acs-date'] ?? headers.date, keyring);
  const { pathname, searchParams } = new URL(target, 'http://fc');
  const signed = { method, path: pathname, query: [...searchParams], headers };
  const expected = acs3Signature(holder.accessKeySecret, acs3StringToSign(signed, [...claim.signedHeaders]));
  if (!isSame(claim.signature, expected)) throw new FcRefusal('SignatureNotMatch');
  return holder;
}

function findHolder(accessKeyId: string, token: string | undefined, keyring: Keyring): KeyHolder {
  return keyring.find(accessKeyId, token, (fault) => new FcRefusal(KEY_ERRORS[fault]));
}

function checkTime(date: string | undefined, keyring: Keyring): void {
  if (!keyring.isSkewed(Date.parse(date ?? ''))) return;
  throw new FcRefusal('SignatureNotMatch', 'the date is missing or too far from the time of the service');
}

/** sdk: Base64 of the digest's hex text, not of the digest. */
function fcContentMd5(body: Buffer): string {
  return Buffer.from(createHash('md5').update(body).digest('hex')).toString('base64');
}

/** sdk: the lines that `@alicloud/fc2` signs; for HTTP triggers the query follows. */
function fcStringToSign({ method, target, headers }: SignedRequest, withQuery: boolean): string {
  const { pathname, searchParams } = new URL(target, 'http://fc');
  const own = Object.keys(headers)
    .filter((name) => name.startsWith('x-fc-'))
    .sort()
    .map((name) => `${name}:${headers[name]}\n`);
  const lines = [method, headers['content-md5'], headers['content-type'], headers.date];
  const query = withQuery ? [...searchParams].map(([name, value]) => `\n${name}=${value}`).sort() : [];
  return `${lines.map((line) => `${line ?? ''}\n`).join('')}${own.join('')}${decodeURIComponent(pathname)}${query.join('')}`;
}

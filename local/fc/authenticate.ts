import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../shared/runtime/clock.ts';
import { createAcs3Verifier } from '../access/acs3.ts';
import type { FindTemporaryCredential } from '../access/sts.ts';
import type { Account } from '../access/account.ts';
import { FcRefusal } from './errors.ts';

export interface SignedRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Throws `FcRefusal` when none of the accounts' keys signed the request. */
export type Authenticate = (request: SignedRequest, api: '2.0' | '3.0') => void;

export interface AuthenticateOptions {
  readonly accounts: readonly Account[];
  readonly temporaryCredentials?: FindTemporaryCredential;
  readonly checkSignatures: boolean;
  readonly clock: Clock;
}

const MAX_SKEW_MS = 15 * 60 * 1000;

export function createAuthenticate(options: AuthenticateOptions): Authenticate {
  if (!options.checkSignatures) return () => {};
  const verifyAcs3 = createAcs3Verifier(options);
  return (request, api) => {
    if (api === '2.0') return verifyFc(request, options);
    const fault = verifyAcs3(request);
    if (typeof fault !== 'string') return;
    // guess: Function Compute keeps the codes of its older API for two of these.
    if (fault === 'InvalidAccessKeyId.NotFound') throw new FcRefusal('InvalidAccessKeyID', fault);
    if (fault.startsWith('InvalidSecurityToken')) throw new FcRefusal('SecurityTokenExpired', fault);
    throw new FcRefusal('SignatureNotMatch', fault);
  };
}

/** sdk: `FC <key id>:<signature>`. */
function verifyFc(
  request: SignedRequest,
  { accounts, temporaryCredentials, clock }: AuthenticateOptions,
): void {
  const { headers, body } = request;
  const [, accessKeyId = '', signature = ''] = /^FC ([^:]+):(.+)$/.exec(headers.authorization ?? '') ?? [];
  const temporary = temporaryCredentials?.(accessKeyId);
  const account = temporary ?? accounts.find((candidate) => candidate.accessKeyId === accessKeyId);
  if (!account) throw new FcRefusal('InvalidAccessKeyID', 'the access key does not exist');
  const isOfKey = !temporary || headers['x-fc-security-token'] === temporary.securityToken;
  if (!isOfKey || (temporary && temporary.expiresAt <= clock.now())) {
    // guess: one code for both.
    throw new FcRefusal('SecurityTokenExpired', 'the security token has expired');
  }
  const date = Date.parse(headers.date ?? '');
  if (!(Math.abs(clock.now() - date) <= MAX_SKEW_MS)) {
    throw new FcRefusal('SignatureNotMatch', 'the date is missing or too far from the time of the service');
  }
  const isWhole = (headers['content-md5'] ?? '') === (body.length > 0 ? fcContentMd5(body) : '');
  const expected = createHmac('sha256', account.accessKeySecret)
    .update(fcStringToSign(request))
    .digest('base64');
  if (!isWhole || !same(signature, expected)) {
    throw new FcRefusal('SignatureNotMatch', 'the signature is not the one that was calculated');
  }
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

function same(left: string, right: string): boolean {
  const [one, two] = [Buffer.from(left), Buffer.from(right)];
  return one.length === two.length && timingSafeEqual(one, two);
}

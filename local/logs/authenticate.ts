import { createHash, createHmac } from 'node:crypto';
import { isSame } from '../access/compare.ts';
import type { KeyHolder, Keyring } from '../access/keyring.ts';
import type { SignedRequest } from '../access/signed-request.ts';
import { LogRefusal } from './errors.ts';

/** Returns the holder of the key that signed the request. Throws `LogRefusal`. */
export function authenticate(
  request: SignedRequest & { readonly body: Buffer },
  keyring: Keyring,
): KeyHolder {
  if (!keyring.checkSignatures) return { ...keyring.owner, isTemporary: false };
  const { headers, body } = request;
  const [, accessKeyId, signature] = /^LOG ([^:\s]+):(\S+)$/.exec(headers.authorization ?? '') ?? [];
  if (accessKeyId === undefined || signature === undefined) {
    if (headers.authorization?.startsWith('LOG4-')) {
      throw new LogRefusal(
        'NotImplemented',
        'the local cloud knows signature version 1 of Log Service, not 4',
      );
    }
    throw new LogRefusal('MissAccessKeyId');
  }
  const holder = keyring.find(
    accessKeyId,
    headers['x-acs-security-token'],
    (fault) => new LogRefusal('Unauthorized', `the access key or its token is not valid: ${fault}`),
  );
  if (keyring.isSkewed(Date.parse(headers['x-log-date'] ?? headers.date ?? ''))) {
    throw new LogRefusal('RequestTimeExpired');
  }
  const digest = headers['content-md5'];
  if (digest && digest !== createHash('md5').update(body).digest('hex').toUpperCase()) {
    throw new LogRefusal('PostBodyInvalid', 'the Content-MD5 does not match the body');
  }
  const method = headers['x-log-signaturemethod'] === 'hmac-sha256' ? 'sha256' : 'sha1';
  const expected = createHmac(method, holder.accessKeySecret)
    .update(logStringToSign(request))
    .digest('base64');
  if (!isSame(signature, expected)) {
    throw new LogRefusal('SignatureNotMatch', `signature ${signature} does not match`);
  }
  return holder;
}

/** doc: the text of signature version 1. */
export function logStringToSign({ method, target, headers }: SignedRequest): string {
  const own = Object.keys(headers)
    .filter((name) => name.startsWith('x-log-') || name.startsWith('x-acs-'))
    .sort()
    .map((name) => `${name}:${headers[name]}`);
  const { pathname, searchParams } = new URL(target, 'http://log');
  const query = [...searchParams].map(([name, value]) => `${name}=${value}`).sort();
  const resource = `${decodeURIComponent(pathname)}${query.length > 0 ? `?${query.join('&')}` : ''}`;
  return [
    method,
    headers['content-md5'] ?? '',
    headers['content-type'] ?? '',
    headers.date ?? '',
    ...own,
    resource,
  ].join('\n');
}

import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { type Acs3ErrorCode, acs3ActionOf, createAcs3Verifier } from '../../../local/access/acs3.ts';
import { createKeyring } from '../../../local/access/keyring.ts';
import { createSts } from '../../../local/access/sts.ts';
import { acs3Authorization, acs3ContentHash } from '../../../shared/runtime/acs3.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import type { Credentials } from '../../../shared/runtime/credentials.ts';
import { seededRandom } from '../../../shared/runtime/random.ts';

const ACCOUNT = { accountId: '1', accessKeyId: 'id', accessKeySecret: 'secret' };
const MINUTE_MS = 60_000;

/** A verifier, and what it makes of requests: the account of the sender, or the code of the error. */
function aVerifier() {
  const clock = manualClock();
  const sts = createSts({ accountId: '1', clock, random: seededRandom(1) });
  const keyring = createKeyring({ accounts: [ACCOUNT], temporaryCredentials: sts.find, clock });
  const refuse = (code: Acs3ErrorCode) => new Error(code);
  const verify = createAcs3Verifier({ keyring, clock, refuse });
  let nonces = 0;

  const request = (
    credentials: Credentials = ACCOUNT,
    changes: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string } = {},
  ) => {
    const body = Buffer.from('{"a":1}');
    const signed = {
      host: '127.0.0.1',
      'x-acs-date': new Date(clock.now()).toISOString(),
      'x-acs-signature-nonce': String(++nonces),
      'x-acs-content-sha256': acs3ContentHash(body),
      ...(credentials.securityToken && { 'x-acs-security-token': credentials.securityToken }),
      ...changes.headers,
    };
    const query = [['Name', 'a b']] as const;
    const authorization = acs3Authorization(credentials, {
      method: 'POST',
      path: '/',
      query,
      headers: signed,
    });
    return { method: 'POST', target: '/?Name=a%20b', headers: { ...signed, authorization }, body };
  };
  const outcomeOf = (sent: Parameters<typeof verify>[0]): string => {
    try {
      return verify(sent).accountId;
    } catch (error) {
      return (error as Error).message;
    }
  };
  return { clock, sts, request, outcomeOf };
}

test('a correctly signed request belongs to the account of its key', () => {
  const { request, outcomeOf } = aVerifier();

  expect(outcomeOf(request())).toBe('1');
});

test('a nonce is accepted once, and again when no request with its date would be accepted', async () => {
  const { clock, request, outcomeOf } = aVerifier();
  const nonce = { headers: { 'x-acs-signature-nonce': 'n' } };

  const first = outcomeOf(request(ACCOUNT, nonce));
  const repeated = outcomeOf(request(ACCOUNT, nonce));
  await clock.advance(30 * MINUTE_MS);
  const remembered = outcomeOf(request(ACCOUNT, nonce));
  await clock.advance(30 * MINUTE_MS + 1);
  const forgotten = outcomeOf(request(ACCOUNT, nonce));

  expect([first, repeated, remembered, forgotten]).toEqual([
    '1',
    'SignatureNonceUsed',
    'SignatureNonceUsed',
    '1',
  ]);
});

test('a request with a wrong signature does not use up its nonce', () => {
  const { request, outcomeOf } = aVerifier();
  const nonce = { headers: { 'x-acs-signature-nonce': 'n' } };

  const forged = outcomeOf(request({ ...ACCOUNT, accessKeySecret: 'guessed' }, nonce));
  const genuine = outcomeOf(request(ACCOUNT, nonce));

  expect([forged, genuine]).toEqual(['SignatureDoesNotMatch', '1']);
});

test('a temporary key needs its own token and is refused when it has expired', async () => {
  const { clock, sts, request, outcomeOf } = aVerifier();
  const credentials = sts.issue({ durationMs: MINUTE_MS });

  const valid = outcomeOf(request(credentials));
  const withoutToken = outcomeOf(request({ ...credentials, securityToken: '' }));
  const withWrongToken = outcomeOf(request({ ...credentials, securityToken: 'forged' }));
  await clock.advance(MINUTE_MS);
  const expired = outcomeOf(request(credentials));

  expect([valid, withoutToken, withWrongToken, expired]).toEqual([
    '1',
    'InvalidSecurityToken.MismatchWithAccessKey',
    'InvalidSecurityToken.MismatchWithAccessKey',
    'InvalidSecurityToken.Expired',
  ]);
});

test.each([
  ['an unknown key', { accessKeyId: 'nobody' }, {}, 'InvalidAccessKeyId.NotFound'],
  ['no date', {}, { 'x-acs-date': '' }, 'IncompleteSignature'],
  ['an invalid date', {}, { 'x-acs-date': 'yesterday' }, 'IncompleteSignature'],
  ['no nonce', {}, { 'x-acs-signature-nonce': '' }, 'IncompleteSignature'],
  ['an old date', {}, { 'x-acs-date': '2025-12-31T00:00:00Z' }, 'InvalidTimeStamp.Expired'],
  ['the hash of another body', {}, { 'x-acs-content-sha256': acs3ContentHash('x') }, 'SignatureDoesNotMatch'],
])('a request with %s is refused', (_, credentials, headers, code) => {
  const { request, outcomeOf } = aVerifier();

  expect(outcomeOf(request({ ...ACCOUNT, ...credentials }, { headers }))).toBe(code);
});

test('a header that the signature does not cover makes it incomplete', () => {
  const { request, outcomeOf } = aVerifier();
  const sent = request();

  const added = outcomeOf({ ...sent, headers: { ...sent.headers, 'x-acs-action': 'DeleteEventRule' } });
  const unsigned = outcomeOf({ ...sent, headers: { ...sent.headers, authorization: '' } });

  expect([added, unsigned]).toEqual(['IncompleteSignature', 'IncompleteSignature']);
});

test.each([
  ['method', { method: 'GET' }],
  ['query', { target: '/?Name=a%20c' }],
  ['path', { target: '/other?Name=a%20b' }],
  ['body', { body: Buffer.from('{"a":2}') }],
])('a request whose %s was changed after signing is refused', (_, changes) => {
  const { request, outcomeOf } = aVerifier();

  expect(outcomeOf({ ...request(), ...changes })).toBe('SignatureDoesNotMatch');
});

test.each([
  ['ListEventRules', 'ListEventRules'],
  [undefined, undefined],
  [['ListEventRules', 'GetEventRule'], undefined],
])('the action header %j names the operation %s', (header, action) => {
  const request = new IncomingMessage(new Socket());
  if (header !== undefined) request.headers['x-acs-action'] = header;

  expect(acs3ActionOf(request)).toBe(action);
});

test.each(['authorization', 'x-acs-date', 'x-acs-signature-nonce'])(
  'a request without the header %s has an incomplete signature',
  (name) => {
    const { request, outcomeOf } = aVerifier();
    const sent = request();
    const headers = Object.fromEntries(Object.entries(sent.headers).filter(([header]) => header !== name));

    expect(outcomeOf({ ...sent, headers })).toBe('IncompleteSignature');
  },
);

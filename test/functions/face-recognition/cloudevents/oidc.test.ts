import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  createOidcAuthenticate,
  type OidcOptions,
} from '../../../../functions/face-recognition/cloudevents/oidc.ts';
import { type ManualClock, manualClock } from '../../../../shared/runtime/clock.ts';

const AUDIENCE = 'faces/face-recognition';
const TRIGGER = 'system:serviceaccount:faces:default-trigger';
type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

let keys: Keys;
let otherKeys: Keys;

beforeAll(async () => {
  [keys, otherKeys] = [await generateKeyPair('RS256'), await generateKeyPair('RS256')];
});

interface Issuer {
  readonly url: string;
  /** Requests so far, by path. */
  readonly asked: string[];
  /** Key ids that it publishes. */
  publish(...published: readonly [id: string, keys: Keys][]): Promise<void>;
  /** Answers with this status from now on. */
  fail(status: number): void;
}

async function startIssuer(): Promise<Issuer> {
  const asked: string[] = [];
  let set: object[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    asked.push(request.url!);
    const url = issuer.url;
    const body = request.url!.endsWith('/openid-configuration')
      ? { issuer: url, jwks_uri: `${url}/openid/v1/jwks` }
      : { keys: set };
    response.writeHead(status).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const issuer: Issuer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async publish(...published) {
      set = await Promise.all(
        published.map(async ([kid, { publicKey }]) => ({
          ...(await exportJWK(publicKey)),
          kid,
          alg: 'RS256',
        })),
      );
    },
    fail(answer) {
      status = answer;
    },
  };
  await issuer.publish(['first', keys]);
  return issuer;
}

async function open(options: Partial<OidcOptions> = {}) {
  const clock = manualClock();
  const issuer = await startIssuer();
  const authenticate = createOidcAuthenticate({
    audience: AUDIENCE,
    issuer: issuer.url,
    subjects: [],
    clock,
    ...options,
  });
  return { clock, issuer, authenticate, token: tokenOf(issuer, clock) };
}

interface Claims {
  readonly audience?: string;
  readonly issuer?: string;
  readonly subject?: string;
  readonly seconds?: number;
  readonly kid?: string;
  readonly signer?: Keys;
}

/** What Knative sends, with some claims changed. */
const tokenOf =
  (issuer: Issuer, clock: ManualClock) =>
  async (claims: Claims = {}) => {
    const { audience = AUDIENCE, subject = TRIGGER, seconds = 3600, kid = 'first', signer = keys } = claims;
    const now = Math.floor(clock.now() / 1000);
    const jwt = await new SignJWT({})
      .setProtectedHeader({ alg: 'RS256', kid })
      .setIssuer(claims.issuer ?? issuer.url)
      .setAudience(audience)
      .setSubject(subject)
      .setIssuedAt(now)
      .setExpirationTime(now + seconds)
      .sign(signer.privateKey);
    return `Bearer ${jwt}`;
  };

describe('createOidcAuthenticate', () => {
  test('a token for the audience is accepted, and the keys are read once', async () => {
    const { authenticate, token, issuer } = await open();

    await authenticate(await token());
    await authenticate(await token({ subject: 'system:serviceaccount:faces:other' }));

    expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/openid/v1/jwks']);
  });

  test.each<[string, Claims]>([
    ['another audience', { audience: 'faces/other' }],
    ['another issuer', { issuer: 'https://elsewhere.example' }],
    ['the signature of another key', { signer: undefined as never }],
    ['a time that is over', { seconds: -120 }],
  ])('a token with %s is refused, and the error does not repeat it', async (_, claims) => {
    const { authenticate, token } = await open();
    const bearer = await token('signer' in claims ? { signer: otherKeys } : claims);

    const error = await authenticate(bearer).catch((thrown) => thrown);

    expect(error).toMatchObject({
      code: 'IdentityRefused',
      message: expect.stringContaining('the token is invalid'),
    });
    expect(error.message).not.toContain(bearer.split('.')[2]);
  });

  test.each([
    ['no header', undefined],
    ['a password', 'Basic YTpi'],
    ['text that is no token', 'Bearer x'],
    ['a token without a signature', `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`],
    [
      'a token that is signed by the public key as a password',
      `Bearer ${Buffer.from('{"alg":"HS256","kid":"first"}').toString('base64url')}.e30.AAAA`,
    ],
  ])('%s is refused', async (_, authorization) => {
    const { authenticate } = await open();

    await expect(authenticate(authorization)).rejects.toMatchObject({ code: 'IdentityRefused' });
  });

  test('only the service accounts of OIDC_SUBJECTS are accepted, if it is set', async () => {
    const { authenticate, token } = await open({ subjects: [TRIGGER] });

    await authenticate(await token());
    const other = authenticate(await token({ subject: 'system:serviceaccount:else:where' }));

    await expect(other).rejects.toMatchObject({
      code: 'IdentityRefused',
      message: 'the service account system:serviceaccount:else:where is not in OIDC_SUBJECTS',
    });
  });

  test('a new key of the cluster is found at once, and unknown keys cost one look per half minute', async () => {
    const { authenticate, token, issuer, clock } = await open();
    await authenticate(await token());
    await issuer.publish(['first', keys], ['second', otherKeys]);
    const rotated = await token({ kid: 'second', signer: otherKeys });

    await clock.advance(30_000);
    await authenticate(rotated);
    const read = issuer.asked.length;
    for (let i = 0; i < 5; i++) await authenticate(await token({ kid: 'unknown' })).catch(() => {});

    expect([read, issuer.asked.length]).toEqual([4, 4]);
  });

  test('an issuer that fails makes the event come again, and is asked again', async () => {
    const { authenticate, token, issuer } = await open();
    issuer.fail(503);

    await expect(authenticate(await token())).rejects.toMatchObject({ code: 'ServiceUnavailable' });
    issuer.fail(200);

    await expect(authenticate(await token())).resolves.toBeUndefined();
  });
});

import { readFile } from 'node:fs/promises';
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose';
import * as z from 'zod/mini';
import { ageOf, type Moment, momentOf } from '../../../shared/runtime/age.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { AppError } from '../../../shared/runtime/errors.ts';
import { createHttpClient, type HttpClient, readBody } from '../../../shared/runtime/http.ts';
import { parseJson } from '../../../shared/runtime/json.ts';

/** Throws `IdentityRefused` unless the header `Authorization` proves an identity that may send events. */
export type Authenticate = (authorization: string | undefined) => Promise<void>;

export interface OidcOptions {
  readonly audience: string;
  /** Where `/.well-known/openid-configuration` is. */
  readonly issuer: string;
  /** Service accounts that may send events; all of the cluster if empty. */
  readonly subjects: readonly string[];
  readonly clock: Clock;
  /** The files of the pod's own service account: needed where the issuer is the API server. */
  readonly account?: { readonly caFile: string; readonly tokenFile: string };
}

/** Milliseconds for which keys are cached, and in which an unknown key is looked up at most once. */
const KEYS_MS = 3_600_000;
const UNKNOWN_KEY_MS = 30_000;
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 256 * 1024;
/** Kubernetes signs with nothing else. */
const ALGORITHMS = ['RS256', 'ES256', 'ES384', 'ES512'];

const discovery = z.object({ issuer: z.string(), jwks_uri: z.string() });
const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

/** Checks the token that Knative sends since 1.14: signature, issuer, audience, time, and the service account it is for. */
export function createOidcAuthenticate(options: OidcOptions): Authenticate {
  const { audience, subjects, clock } = options;
  let known: { issuer: string; keys: ReturnType<typeof createLocalJWKSet> } | undefined;
  let readAt: Moment | undefined;
  let reading: Promise<void> | undefined;

  const read = async () => {
    reading ??= readKeys(options)
      .then((now) => {
        known = now;
        readAt = momentOf(clock);
      })
      .finally(() => {
        reading = undefined;
      });
    await reading;
  };

  const verify = async (token: string) => {
    const { payload } = await jwtVerify(token, known!.keys, {
      issuer: known!.issuer,
      audience,
      algorithms: ALGORITHMS,
      requiredClaims: ['exp', 'sub'],
      currentDate: new Date(clock.now()),
    });
    if (subjects.length > 0 && !subjects.includes(payload.sub!))
      throw refused(`the service account ${payload.sub} is not in OIDC_SUBJECTS`);
  };

  return async (authorization) => {
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw refused('expected the header Authorization with a bearer token');
    if (ageOf(readAt, clock) >= KEYS_MS) await read();
    try {
      await verify(token).catch(async (error: unknown) => {
        // The cluster may have a new key.
        if (!(error instanceof errors.JWKSNoMatchingKey) || ageOf(readAt, clock) < UNKNOWN_KEY_MS)
          throw error;
        await read();
        await verify(token);
      });
    } catch (error) {
      if (error instanceof errors.JOSEError) throw refused(`the token is invalid: ${error.code}`);
      throw error;
    }
  };
}

/** The identity of a token is no secret, but its text is: messages never hold it. */
function refused(why: string): AppError {
  return new AppError('IdentityRefused', why);
}

async function readKeys({ issuer: base, account }: OidcOptions) {
  const token = account && (await readFile(account.tokenFile, 'utf8')).trim();
  const http = createHttpClient({ caCerts: account && (await readFile(account.caFile, 'utf8')) });
  try {
    const { issuer, jwks_uri: uri } = await get(
      http,
      `${base}/.well-known/openid-configuration`,
      discovery,
      token,
    );
    // The API server names its keys by an address of its own, to which the pod must not send its token.
    const keys = await get(http, token === undefined ? uri : `${base}/openid/v1/jwks`, keySet, token);
    return { issuer, keys: createLocalJWKSet(keys as JSONWebKeySet) };
  } finally {
    http.close();
  }
}

async function get<T>(
  http: HttpClient,
  address: string,
  schema: z.ZodMiniType<T>,
  token: string | undefined,
): Promise<T> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url) throw new AppError('ConfigInvalid', 'OIDC_ISSUER or the address of its keys is not a URL');
  const response = await http.send({ method: 'GET', url, headers, timeoutMs: TIMEOUT_MS });
  const text = (await readBody(response, MAX_BYTES)).toString();
  const parsed = response.status === 200 ? z.safeParse(schema, parseJson(text)) : undefined;
  if (parsed?.success) return parsed.data;
  const what = parsed ? 'not what was expected' : `HTTP ${response.status}`;
  throw new AppError('ServiceUnavailable', `GET ${url.host}${url.pathname} of the OIDC issuer is ${what}`);
}

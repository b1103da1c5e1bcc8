import { readFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { ageOf, type Moment, momentOf } from './age.ts';
import type { Clock } from './clock.ts';
import type { CredentialProvider, Credentials } from './credentials.ts';
import { AppError, type ErrorCode } from './errors.ts';
import { createHttpClient, type HttpClient, readBody } from './http.ts';
import { parseJson } from './json.ts';

/** A RAM role that a pod assumes with the token of its service account: RRSA of ACK, or any OIDC provider. */
export interface RoleSettings {
  readonly roleArn: string;
  readonly oidcProviderArn: string;
  /** The kubelet rewrites it before the token expires. */
  readonly tokenFile: string;
  readonly sessionName: string;
  /** Endpoint of STS. */
  readonly endpoint: URL;
}

/** From the variables that ACK's webhook sets; `undefined` without them. */
export function readRoleSettings(env: NodeJS.ProcessEnv): RoleSettings | undefined {
  const roleArn = env.ALIBABA_CLOUD_ROLE_ARN;
  const oidcProviderArn = env.ALIBABA_CLOUD_OIDC_PROVIDER_ARN;
  const tokenFile = env.ALIBABA_CLOUD_OIDC_TOKEN_FILE;
  if (!roleArn || !oidcProviderArn || !tokenFile) return undefined;
  const region = env.ALIBABA_CLOUD_STS_REGION || env.REGION;
  const network = env.ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED === 'true' ? '-vpc' : '';
  const host =
    env.ALIBABA_CLOUD_STS_ENDPOINT || (region ? `sts${network}.${region}.aliyuncs.com` : 'sts.aliyuncs.com');
  const url = host.includes('://') ? host : `https://${host}`;
  if (!URL.canParse(url)) {
    throw new AppError('ConfigInvalid', 'ALIBABA_CLOUD_STS_ENDPOINT must be a host or a URL');
  }
  return {
    roleArn,
    oidcProviderArn,
    tokenFile,
    sessionName: env.ALIBABA_CLOUD_ROLE_SESSION_NAME || 'mnsoss-face',
    endpoint: new URL(url),
  };
}

/** The default of the service, which every role allows. */
const SESSION_SECONDS = 3600;
/** Renewed so long before they expire, so that running work can finish with them. */
const EARLY_MS = 180_000;
const TIMEOUT_MS = 10_000;

/**
 * Credentials of the role, fetched at the first call and again some minutes before they expire. Concurrent callers share one
 * request. While STS does not answer, credentials that are still valid are used. Source: STS, AssumeRoleWithOIDC.
 */
export function createRoleCredentials(
  settings: RoleSettings,
  { clock, http = createHttpClient() }: { readonly clock: Clock; readonly http?: HttpClient },
): CredentialProvider {
  let cached: Credentials | undefined;
  let fetchedAt: Moment | undefined;
  let lifetimeMs = 0;
  let fetching: Promise<Credentials> | undefined;
  const isGoodFor = (ms: number) => lifetimeMs - ageOf(fetchedAt, clock) > ms;
  const fetch = async (): Promise<Credentials> => {
    const issued = await assumeRole(settings, clock, http);
    fetchedAt = momentOf(clock);
    lifetimeMs = issued.lifetimeMs;
    return issued.credentials;
  };

  return async ({ refresh = false } = {}) => {
    if (cached && !refresh && isGoodFor(EARLY_MS)) return cached;
    fetching ??= fetch().finally(() => {
      fetching = undefined;
    });
    try {
      cached = await fetching;
    } catch (error) {
      if (refresh || !isGoodFor(0)) throw error;
    }
    return cached!;
  };
}

const answer = z.object({
  Credentials: z.object({
    AccessKeyId: z.string(),
    AccessKeySecret: z.string(),
    SecurityToken: z.string(),
    Expiration: z.string(),
  }),
});

/** `lifetimeMs` is counted by the service's clock: the time of day of this machine may be wrong. */
async function assumeRole(
  settings: RoleSettings,
  clock: Clock,
  http: HttpClient,
): Promise<{ readonly credentials: Credentials; readonly lifetimeMs: number }> {
  const { roleArn, oidcProviderArn, sessionName, endpoint } = settings;
  const url = new URL(endpoint);
  url.search = new URLSearchParams({
    Action: 'AssumeRoleWithOIDC',
    Version: '2015-04-01',
    Format: 'JSON',
    Timestamp: `${new Date(clock.now()).toISOString().slice(0, 19)}Z`,
  }).toString();
  const body = new URLSearchParams({
    RoleArn: roleArn,
    OIDCProviderArn: oidcProviderArn,
    OIDCToken: await readToken(settings.tokenFile),
    RoleSessionName: sessionName,
    DurationSeconds: String(SESSION_SECONDS),
  }).toString();
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(Buffer.byteLength(body)),
  };
  const response = await http.send({
    method: 'POST',
    url,
    headers,
    body: Buffer.from(body),
    timeoutMs: TIMEOUT_MS,
  });
  const text = (await readBody(response, 64 * 1024)).toString();
  const parsed = answer.safeParse(parseJson(text));
  if (response.status !== 200 || !parsed.success) throw refusal(response.status, parseJson(text), settings);
  const { AccessKeyId, AccessKeySecret, SecurityToken, Expiration } = parsed.data.Credentials;
  const expiresAt = Date.parse(Expiration);
  const servedAt = Date.parse(response.headers.date ?? '');
  return {
    credentials: {
      accessKeyId: AccessKeyId,
      accessKeySecret: AccessKeySecret,
      securityToken: SecurityToken,
      expiresAt,
    },
    lifetimeMs: expiresAt - (Number.isNaN(servedAt) ? clock.now() : servedAt),
  };
}

async function readToken(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new AppError('CredentialsMissing', `the token of the service account ${path} cannot be read`, {
      cause,
    });
  }
}

/** Does not quote the service's message, which may contain the token. */
function refusal(status: number, body: unknown, { roleArn, endpoint }: RoleSettings): AppError {
  const { Code, RequestId } = (body ?? {}) as { Code?: unknown; RequestId?: unknown };
  const code = typeof Code === 'string' ? Code : `HTTP ${status}`;
  return new AppError(codeOf(status, code), `${endpoint.host} gave no credentials of ${roleArn}: ${code}`, {
    details: { status, requestId: typeof RequestId === 'string' ? RequestId : undefined },
  });
}

function codeOf(status: number, code: string): ErrorCode {
  if (/^Throttling/.test(code) || status === 429) return 'Throttled';
  // Temporary: the kubelet writes a new token before the old one expires.
  if (/Expired$/.test(code)) return 'SecurityTokenExpired';
  return status >= 500 || status === 200 ? 'ServiceUnavailable' : 'AccessDenied';
}

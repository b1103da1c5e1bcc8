import type { Readable } from 'node:stream';
import { assertNotAborted } from '../runtime/abort.ts';
import type { Clock } from '../runtime/clock.ts';
import type { CredentialProvider, Credentials } from '../runtime/credentials.ts';
import { isMnsossError } from '../runtime/errors.ts';
import type { HttpClient, HttpResponse } from '../runtime/http.ts';
import type { Logger } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import { type Backoff, retry } from '../runtime/retry.ts';
import { createServiceClock } from '../runtime/service-clock.ts';
import type { Address, Resource } from './endpoint.ts';
import { readError } from './errors.ts';
import { authorizationV4, compactDate, presignV4, type QueryPair } from './signature-v4.ts';

export interface RequestOptions {
  readonly addressOf: (resource: Resource) => Address;
  readonly credentials: CredentialProvider;
  readonly clock: Clock;
  readonly random: Random;
  readonly http: HttpClient;
  readonly timeoutMs: number;
  readonly attempts: number;
  readonly backoff: Backoff;
  readonly logger?: Logger;
}

export interface OssRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  readonly region: string;
  readonly bucket: string;
  readonly key?: string;
  readonly query?: readonly QueryPair[];
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | Readable;
  readonly signal?: AbortSignal | undefined;
}

export interface PresignRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  readonly region: string;
  readonly bucket: string;
  readonly key: string;
  /** Seconds; OSS accepts at most seven days. */
  readonly expiresSeconds: number;
  /** What the request will have to send. */
  readonly contentType?: string;
}

export interface OssRequests {
  /** The answer to a request that succeeded; its body has not been read. */
  send(request: OssRequest): Promise<HttpResponse>;
  presign(request: PresignRequest): Promise<string>;
}

type Mending = 'credentials' | 'clock';

/**
 * Signs with V4, sends, and repeats what may succeed later. Two refusals are mended at once, each once a request:
 * expired credentials by fetching them anew, a clock that is wrong by taking over the service's time.
 */
export function createOssRequests(options: RequestOptions): OssRequests {
  const { addressOf, credentials, http, timeoutMs, logger } = options;
  const serviceClock = createServiceClock(options.clock);

  const sendOnce = async (request: OssRequest, signer: Credentials): Promise<HttpResponse> => {
    const { region, bucket, key, body, signal, query = [] } = request;
    const headers = signedHeaders(request, signer, compactDate(serviceClock.now()));
    const response = await http.send({
      ...addressOf({ region, bucket, key, query }),
      method: request.method,
      headers,
      timeoutMs,
      ...(body !== undefined && { body }),
      ...(signal && { signal }),
    });
    if (response.status >= 200 && response.status < 300) return response;
    throw await readError(request, response);
  };

  const sendMended = async (request: OssRequest, mended: Set<Mending>): Promise<HttpResponse> => {
    for (let refresh = false; ; ) {
      const signer = await credentials({ refresh });
      try {
        return await sendOnce(request, signer);
      } catch (error) {
        const mending = isRepeatable(request) ? mendingOf(error) : undefined;
        if (mending === undefined || mended.has(mending)) throw error;
        mended.add(mending);
        refresh = mending === 'credentials';
        logger?.warn({ bucket: request.bucket, key: request.key, mending }, 'OSS request repeated');
      }
    }
  };

  /** Takes over the service's time when that is the trouble. */
  const mendingOf = (error: unknown): Mending | undefined => {
    if (isMnsossError(error, 'SecurityTokenExpired')) return 'credentials';
    if (!isMnsossError(error) || error.details.ossCode !== 'RequestTimeTooSkewed') return undefined;
    return serviceClock.correct(String(error.details.serverDate)) ? 'clock' : undefined;
  };

  return {
    async send(request) {
      const { clock, random, backoff, attempts } = options;
      const { signal } = request;
      const mended = new Set<Mending>();
      try {
        return await retry(() => sendMended(request, mended), {
          ...backoff,
          attempts: isRepeatable(request) ? attempts : 1,
          clock,
          random,
          ...(signal && { signal }),
        });
      } catch (error) {
        if (isStream(request.body)) request.body.destroy();
        assertNotAborted(signal, `${request.method} of ${request.bucket}/${request.key ?? ''}`);
        throw error;
      }
    },

    async presign({ method, region, bucket, key, expiresSeconds, contentType }) {
      const query = presignV4(
        await credentials(),
        { date: compactDate(serviceClock.now()), region },
        {
          method,
          bucket,
          key,
          query: [],
          headers: contentType === undefined ? {} : { 'content-type': contentType },
          expiresSeconds,
        },
      );
      const { url, target } = addressOf({ region, bucket, key, query });
      return `${url.origin}${target}`;
    },
  };
}

function signedHeaders(
  { method, region, bucket, key, query = [], headers = {}, body }: OssRequest,
  signer: Credentials,
  date: string,
): Record<string, string> {
  const unsigned: Record<string, string> = {
    ...headers,
    'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
    'x-oss-date': date,
    ...(signer.securityToken && { 'x-oss-security-token': signer.securityToken }),
  };
  const parts = { method, bucket, ...(key !== undefined && { key }), query, headers: unsigned };
  return {
    ...unsigned,
    ...(body instanceof Uint8Array && { 'content-length': String(body.length) }),
    authorization: authorizationV4(signer, { date, region }, parts),
  };
}

/** A stream is sent once: its bytes are gone when it has been read. */
function isRepeatable({ body }: OssRequest): boolean {
  return !isStream(body) || !body.readableDidRead;
}

function isStream(body: OssRequest['body']): body is Readable {
  return body !== undefined && !(body instanceof Uint8Array);
}

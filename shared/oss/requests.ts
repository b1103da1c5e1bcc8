import type { Readable } from 'node:stream';
import { assertNotAborted } from '../runtime/abort.ts';
import { compactDate } from '../runtime/aliyun-v4.ts';
import type { CredentialProvider } from '../runtime/credentials.ts';
import type { RuntimeDeps } from '../runtime/deps.ts';
import type { HttpClient, HttpResponse } from '../runtime/http.ts';
import type { Logger } from '../runtime/log.ts';
import { type Backoff, retry } from '../runtime/retry.ts';
import { type Correction, createSigningSession, type Signer } from '../runtime/signing-session.ts';
import type { Address, Resource } from './endpoint.ts';
import { readError } from './errors.ts';
import { authorizationV4, presignV4, type QueryPair } from './signature-v4.ts';

export interface RequestOptions extends Pick<RuntimeDeps, 'clock' | 'random'> {
  readonly addressOf: (resource: Resource) => Address;
  readonly credentials: CredentialProvider;
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
  /** The content type that the request must send. */
  readonly contentType?: string;
}

export interface OssRequests {
  /** The answer to a successful request. Its body has not been read. */
  send(request: OssRequest): Promise<HttpResponse>;
  presign(request: PresignRequest): Promise<string>;
}

/** Signs requests with V4, sends them, and retries those that may succeed later. */
export function createOssRequests(options: RequestOptions): OssRequests {
  const { addressOf, credentials, clock, random, http, timeoutMs, attempts, backoff, logger } = options;
  const session = createSigningSession(credentials, clock);

  const sendOnce = async (request: OssRequest, signer: Signer): Promise<HttpResponse> => {
    const { method, region, bucket, key, body, signal, query = [] } = request;
    const response = await http.send({
      ...addressOf({ region, bucket, key, query }),
      method,
      headers: signedHeaders(request, signer),
      timeoutMs,
      body,
      signal,
    });
    if (response.status >= 200 && response.status < 300) return response;
    throw await readError(request, response);
  };

  return {
    async send(request) {
      const { method, bucket, key, body, signal } = request;
      const isRepeatable = () => !isStream(body) || !body.readableDidRead;
      const onCorrected = (correction: Correction) =>
        logger?.warn({ bucket, key, correction }, 'OSS request repeated');
      try {
        return await retry(
          () => session.run((signer) => sendOnce(request, signer), { isRepeatable, onCorrected }),
          { ...backoff, attempts: isStream(body) ? 1 : attempts, clock, random, signal },
        );
      } catch (error) {
        if (isStream(body)) body.destroy();
        assertNotAborted(signal, `${method} of ${bucket}/${key ?? ''}`);
        throw error;
      }
    },

    async presign({ method, region, bucket, key, expiresSeconds, contentType }) {
      const signer = await session.signer();
      const context = { date: compactDate(signer.now), region };
      const headers: Record<string, string> =
        contentType === undefined ? {} : { 'content-type': contentType };
      const parts = { method, bucket, key, query: [], headers, expiresSeconds };
      const query = presignV4(signer.credentials, context, parts);
      const { url, target } = addressOf({ region, bucket, key, query });
      return `${url.origin}${target}`;
    },
  };
}

function signedHeaders(
  { method, region, bucket, key, query = [], headers = {} }: OssRequest,
  { credentials, now }: Signer,
): Record<string, string> {
  const date = compactDate(now);
  const unsigned: Record<string, string> = {
    ...headers,
    'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
    'x-oss-date': date,
    ...(credentials.securityToken && { 'x-oss-security-token': credentials.securityToken }),
  };
  const parts = { method, bucket, key, query, headers: unsigned };
  return {
    ...unsigned,
    authorization: authorizationV4(credentials, { date, region }, parts),
  };
}

/** A stream can be sent only once. */
function isStream(body: OssRequest['body']): body is Readable {
  return body !== undefined && !(body instanceof Uint8Array);
}

import { type Clock, systemClock } from '../runtime/clock.ts';
import type { CredentialProvider } from '../runtime/credentials.ts';
import { createHttpClient, type HttpClient, readBody } from '../runtime/http.ts';
import type { Logger } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import { createEndpoint, type EndpointOptions } from './endpoint.ts';
import { assertKey } from './key.ts';
import { MAX_KEYS_PER_REQUEST } from './limits.ts';
import type { ObjectStore } from './object-store.ts';
import { createOssRequests, type PresignRequest } from './requests.ts';
import { createWireStore } from './wire-store.ts';

export interface OssClientOptions extends EndpointOptions {
  /** Such as `cn-hangzhou`. Of buckets for which no other region is given. */
  readonly region: string;
  readonly credentials: CredentialProvider;
  /** `@default systemClock` */
  readonly clock?: Clock;
  /** `@default Math.random` */
  readonly random?: Random;
  /** Connections to share; the client closes only its own. */
  readonly http?: HttpClient;
  /** Milliseconds of silence after which a request has failed. `@default 30_000` */
  readonly timeoutMs?: number;
  /** Attempts of one call, the first included. A body that is a stream is sent once. `@default 3` */
  readonly attempts?: number;
  /** Keys that one request of a listing asks for, at most 1,000. `@default 1_000` */
  readonly listPageSize?: number;
  readonly logger?: Logger;
}

export interface OssClient {
  bucket(name: string, region?: string): ObjectStore;
  /** Succeeds also when the bucket exists and belongs to the caller. */
  createBucket(name: string, region?: string): Promise<void>;
  /** A URL that anyone may use until it expires. Treat it like a secret: never log it. */
  presign(request: Omit<PresignRequest, 'region'> & { readonly region?: string }): Promise<string>;
  close(): void;
}

const BACKOFF = { baseMs: 200, capMs: 5000 };

/**
 * OSS over `node:http`. Loading the official SDK takes ten times as long at every cold start. A test shows that both send
 * the same signatures.
 */
export function createOssClient(options: OssClientOptions): OssClient {
  const { region, credentials, logger, listPageSize = MAX_KEYS_PER_REQUEST } = options;
  const { clock = systemClock, random = Math.random, timeoutMs = 30_000, attempts = 3 } = options;
  const http = options.http ?? createHttpClient();
  const addressOf = createEndpoint(options);
  const sending = { http, timeoutMs, attempts, backoff: BACKOFF };
  const requests = createOssRequests({ addressOf, credentials, clock, random, logger, ...sending });
  return {
    bucket: (name, bucketRegion = region) =>
      createWireStore({ requests, bucket: name, region: bucketRegion, listPageSize }),
    async createBucket(name, bucketRegion = region) {
      await readBody(await requests.send({ method: 'PUT', region: bucketRegion, bucket: name }));
    },
    async presign(request) {
      assertKey(request.key);
      return requests.presign({ region, ...request });
    },
    close() {
      if (!options.http) http.close();
    },
  };
}

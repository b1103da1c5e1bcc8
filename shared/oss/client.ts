import type { Clock } from '../runtime/clock.ts';
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
  /** Such as `cn-hangzhou`; the region of buckets that name no other. */
  readonly region: string;
  readonly credentials: CredentialProvider;
  readonly clock: Clock;
  readonly random: Random;
  /** Connections to share; the client closes only its own. */
  readonly http?: HttpClient;
  /** Milliseconds of silence after which a request has failed. */
  readonly timeoutMs: number;
  /** Tries of one call, the first included. A body that is a stream is sent once. */
  readonly attempts: number;
  /** Keys that one request of a listing asks for; 1,000 when absent, the most that OSS gives. */
  readonly listPageSize?: number;
  readonly logger?: Logger;
}

export interface OssClient {
  bucket(name: string, region?: string): ObjectStore;
  /** Succeeds also when the bucket is there and ours. */
  createBucket(name: string, region?: string): Promise<void>;
  /** A URL that carries its own authority until it expires. Like a secret, it belongs into no log. */
  presign(request: Omit<PresignRequest, 'region'> & { readonly region?: string }): Promise<string>;
  close(): void;
}

const BACKOFF = { baseMs: 200, capMs: 5000 };

/**
 * OSS over `node:http`. Loading the official SDK takes ten times as long, which every cold start would pay; that
 * both send the same signatures is tested.
 */
export function createOssClient(options: OssClientOptions): OssClient {
  const { region, listPageSize = MAX_KEYS_PER_REQUEST } = options;
  const http = options.http ?? createHttpClient();
  const addressOf = createEndpoint(options);
  const requests = createOssRequests({ ...options, addressOf, http, backoff: BACKOFF });
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

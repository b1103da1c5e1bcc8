import { createOssClient, type OssClient } from '../../oss/client.ts';
import type { OpenBucket } from '../../oss/object-store.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { CredentialProvider } from '../../runtime/credentials.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import type { Presign } from '../process-picture.ts';
import type { OssOptions } from './oss-options.ts';

export interface BucketDeps {
  readonly credentials: CredentialProvider;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger?: Logger;
}

export interface Buckets {
  readonly openBucket: OpenBucket;
  readonly presign: Presign;
  close(): void;
}

/** A picture may wait for its turn before its URL is read. */
const PRESIGNED_SECONDS = 3600;

export function openBuckets(options: OssOptions, deps: BucketDeps): Buckets {
  const open = (internal: boolean) =>
    createOssClient({
      ...deps,
      region: options.region,
      endpoint: options.ossEndpoint,
      internal,
      timeoutMs: options.ossTimeoutSeconds * 1000,
      attempts: 3,
    });
  const client = open(options.ossInternal);
  // The service that reads a presigned URL may be outside the network of this function.
  const publicClient = open(false);
  return {
    openBucket: client.bucket,
    presign: presignWith(publicClient),
    close() {
      client.close();
      publicClient.close();
    },
  };
}

export function presignWith(client: OssClient): Presign {
  return (object) => client.presign({ ...object, method: 'GET', expiresSeconds: PRESIGNED_SECONDS });
}

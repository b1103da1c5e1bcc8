import * as z from 'zod/mini';
import { createOssClient, type OssClient } from '../../oss/client.ts';
import type { OpenBucket } from '../../oss/object-store.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { CredentialProvider } from '../../runtime/credentials.ts';
import type { Logger } from '../../runtime/log.ts';
import { defineOptions, flag, integer, type OptionsOf, text } from '../../runtime/options.ts';
import type { Random } from '../../runtime/random.ts';
import type { Presign } from '../process-picture.ts';

/** How buckets are reached. */
export const OSS_OPTIONS = defineOptions({
  region: {
    env: 'REGION',
    aliases: ['FC_REGION'],
    schema: text,
    unit: 'region, e.g. `cn-hangzhou`',
    about: 'Of buckets whose events do not tell it. Function Compute sets `FC_REGION`.',
  },
  ossEndpoint: {
    env: 'OSS_ENDPOINT',
    schema: z.optional(text),
    unit: 'http(s)://host[:port]',
    about: "Where OSS answers. Default: the bucket's region, over HTTPS.",
  },
  ossInternal: {
    env: 'OSS_INTERNAL',
    schema: flag,
    default: false,
    unit: 'true or false',
    about:
      "Whether to take the address within Alibaba Cloud's network: nothing is paid for the traffic, and buckets of other regions cannot be reached.",
  },
  ossTimeoutSeconds: {
    env: 'OSS_TIMEOUT_SECONDS',
    schema: integer(1, 300),
    default: 15,
    unit: 'seconds, 1–300',
    about: 'A request to OSS on which nothing moves for so long is repeated, up to two times.',
  },
});

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

export function openBuckets(options: OptionsOf<typeof OSS_OPTIONS>, deps: BucketDeps): Buckets {
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

import { type FaceBodyAccess, faceBodyAccess, withLocalGallery } from '../../local/start/loopback-faces.ts';
import type { OpenBucket } from '../../shared/oss/object-store.ts';
import { openBuckets } from '../../shared/pipeline/compose/buckets.ts';
import { OSS_OPTIONS } from '../../shared/pipeline/compose/oss-options.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { environmentCredentials } from '../../shared/runtime/credentials.ts';
import { readOptions } from '../../shared/runtime/options.ts';
import { bucketOf, withRunningCloud } from '../running-cloud.ts';

export interface PeopleOptions {
  readonly dataDir: string;
  /** A bucket of Alibaba Cloud. @default the bucket that the local cloud watches */
  readonly remote?: string | undefined;
}

/** The bucket with the people and their photos, and the settings for engine and gallery. */
export interface PeopleTarget extends FaceBodyAccess {
  readonly openBucket: OpenBucket;
  readonly bucket: string;
  readonly region: string;
}

export function withPeopleTarget(
  { dataDir, remote }: PeopleOptions,
  work: (target: PeopleTarget) => Promise<void>,
): Promise<void> {
  if (remote !== undefined) return inAlibabaCloud(remote, work);
  return withRunningCloud(dataDir, ({ oss }, connection) =>
    work({
      ...faceBodyAccess(withLocalGallery(process.env), connection),
      openBucket: oss.bucket,
      bucket: bucketOf(connection, undefined),
      region: connection.region,
    }),
  );
}

async function inAlibabaCloud(bucket: string, work: (target: PeopleTarget) => Promise<void>): Promise<void> {
  const { env } = process;
  const options = readOptions(OSS_OPTIONS, env);
  const credentials = environmentCredentials(env);
  const buckets = openBuckets(options, { credentials, clock: systemClock, random: Math.random });
  try {
    const { openBucket } = buckets;
    await work({ env, credentials, openBucket, bucket, region: options.region });
  } finally {
    buckets.close();
  }
}

import { Option } from '@commander-js/extra-typings';
import { FACE_RECOGNITION_OPTIONS } from '../../functions/face-recognition/options.ts';
import { type FaceSurroundings, faceSurroundings, withLocalGallery } from '../../local/loopback-faces.ts';
import { createOssClient } from '../../shared/oss/client.ts';
import type { OpenBucket } from '../../shared/oss/object-store.ts';
import { environmentCredentials } from '../../shared/runtime/credentials.ts';
import { readOptions } from '../../shared/runtime/options.ts';
import { bucketOf, withRunningCloud } from '../running-cloud.ts';

export interface PlaceOptions {
  readonly dataDir: string;
  /** A bucket of Alibaba Cloud; absent: the one that the local cloud watches. */
  readonly remote?: string | undefined;
}

/** Where people and their photos are, and what the engine and the gallery are told. */
export interface PeoplePlace extends FaceSurroundings {
  readonly openBucket: OpenBucket;
  readonly bucket: string;
  readonly region: string;
}

export const remoteOption = () =>
  new Option(
    '--remote <bucket>',
    'a bucket of Alibaba Cloud instead; region, engine, gallery and keys come from the environment, as with the function',
  );

export function inPlace(
  { dataDir, remote }: PlaceOptions,
  work: (place: PeoplePlace) => Promise<void>,
): Promise<void> {
  if (remote !== undefined) return inAlibabaCloud(remote, work);
  return withRunningCloud(dataDir, (client, connection) =>
    work({
      ...faceSurroundings(withLocalGallery(process.env), connection),
      openBucket: client.bucket,
      bucket: bucketOf(connection, undefined),
      region: connection.region,
    }),
  );
}

async function inAlibabaCloud(bucket: string, work: (place: PeoplePlace) => Promise<void>): Promise<void> {
  const { env } = process;
  const { region, ossEndpoint, ossInternal, ossTimeoutSeconds } = readOptions(FACE_RECOGNITION_OPTIONS, env);
  const credentials = environmentCredentials(env);
  const client = createOssClient({
    region,
    endpoint: ossEndpoint,
    internal: ossInternal,
    credentials,
    timeoutMs: ossTimeoutSeconds * 1000,
  });
  try {
    await work({ env, credentials, openBucket: client.bucket, bucket, region });
  } finally {
    client.close();
  }
}

import { Option } from '@commander-js/extra-typings';
import { type Connection, readConnection } from '../local/connection.ts';
import { createOssClient, type OssClient } from '../shared/oss/client.ts';
import { staticCredentials } from '../shared/runtime/credentials.ts';
import { AppError } from '../shared/runtime/errors.ts';

/** How to reach the cloud that `mnsoss-face start` or `cloud` keeps on this data folder. */
export async function connectionTo(dataDir: string): Promise<Connection> {
  const connection = await readConnection(dataDir);
  if (connection) return connection;
  throw new AppError(
    'ConfigInvalid',
    `nothing was ever started on ${dataDir}: run npm start, or pass --data-dir`,
  );
}

/** Runs `work` with a client of that cloud. */
export async function withRunningCloud<T>(
  dataDir: string,
  work: (client: OssClient, connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connectionTo(dataDir);
  const client = createOssClient({
    endpoint: connection.ossUrl,
    region: connection.region,
    credentials: staticCredentials(connection.account),
  });
  try {
    return await work(client, connection);
  } finally {
    client.close();
  }
}

export const bucketOption = () =>
  new Option('--bucket <bucket>', 'which bucket (default: the one that `mnsoss-face start` watches)');

/** The bucket that was asked for, or else the watched one. */
export function bucketOf({ bucket: watched }: Connection, asked: string | undefined): string {
  const bucket = asked ?? watched;
  if (bucket !== undefined) return bucket;
  throw new AppError('ConfigInvalid', 'this cloud watches no bucket: pass --bucket');
}

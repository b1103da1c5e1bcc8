import { type Connection, readConnection } from '../local/connection.ts';
import { createOssClient, type OssClient } from '../shared/oss/client.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { staticCredentials } from '../shared/runtime/credentials.ts';
import { MnsossError } from '../shared/runtime/errors.ts';

/** Runs `work` with a client of the cloud that `mnsoss-face start` keeps on this data folder. */
export async function withRunningCloud<T>(
  dataDir: string,
  work: (client: OssClient, connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await readConnection(dataDir);
  if (!connection) {
    throw new MnsossError(
      'ConfigInvalid',
      `nothing was ever started on ${dataDir}: run npm start, or pass --data-dir`,
    );
  }
  const client = createOssClient({
    endpoint: connection.ossUrl,
    region: connection.region,
    credentials: staticCredentials(connection.account),
    clock: systemClock,
    random: Math.random,
    timeoutMs: 30_000,
    attempts: 3,
  });
  try {
    return await work(client, connection);
  } finally {
    client.close();
  }
}

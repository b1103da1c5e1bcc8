import { type LocalClients, openLocalClients } from '../local/start/clients.ts';
import { type Connection, readConnection } from '../local/start/connection.ts';
import { AppError } from '../shared/runtime/errors.ts';

/** How to reach the cloud that `mnsoss-face start` or `cloud` runs on this data folder. */
export async function connectionTo(dataDir: string): Promise<Connection> {
  const connection = await readConnection(dataDir);
  if (connection) return connection;
  throw new AppError(
    'ConfigInvalid',
    `nothing was ever started on ${dataDir}: run npm start, or pass --data-dir`,
  );
}

/** Runs `work` with clients of that cloud. */
export async function withRunningCloud<T>(
  dataDir: string,
  work: (clients: LocalClients, connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connectionTo(dataDir);
  const clients = openLocalClients(connection);
  try {
    return await work(clients, connection);
  } finally {
    clients.close();
  }
}

/** The given bucket, or else the watched one. */
export function bucketOf({ bucket: watched }: Connection, given: string | undefined): string {
  const bucket = given ?? watched;
  if (bucket !== undefined) return bucket;
  throw new AppError('ConfigInvalid', 'this cloud watches no bucket: pass --bucket');
}

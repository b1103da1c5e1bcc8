import { startLocalCloud } from '../../local/cloud.ts';
import type { CloudOfFunctions } from '../../local/fc/index.ts';
import { type Connection, readConnection } from '../../local/start/connection.ts';
import { systemClock } from '../../shared/runtime/clock.ts';

/** The cloud that functions are run against. */
export interface InvocationCloud extends CloudOfFunctions {
  readonly oss: { readonly url: string };
  /** Host and port; absent where nothing is known of a FaceBody. */
  readonly facebody?: string;
  /** Whether it is somebody else's, who keeps it. */
  readonly isRunning: boolean;
  close(): Promise<void>;
}

/** The cloud that runs on the data folder, or else a new one in memory that says it is in the region. */
export async function openCloud(dataDir: string, region: string): Promise<InvocationCloud> {
  const connection = await readConnection(dataDir);
  if (connection && (await answers(connection.ossUrl))) return running(connection);
  const cloud = await startLocalCloud({ region });
  return { ...cloud, facebody: cloud.facebody.endpoint, isRunning: false };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}

/** Its temporary credentials are out of reach, so that functions get the key of its account. */
function running({ ossUrl, mnsUrl, region, account }: Connection): InvocationCloud {
  const { accountId, accessKeyId, accessKeySecret } = account;
  const credentials = { accessKeyId, accessKeySecret };
  return {
    oss: { url: ossUrl },
    mns: { url: mnsUrl },
    region,
    accountId,
    credentials,
    issueCredentials: () => credentials,
    clock: systemClock,
    isRunning: true,
    async close() {},
  };
}

import { startLocalCloud } from '../../local/cloud.ts';
import type { CloudOfFunctions } from '../../local/fc/index.ts';
import { type Connection, readConnection } from '../../local/start/connection.ts';
import { systemClock } from '../../shared/runtime/clock.ts';

/** The cloud that the functions use. */
export interface InvocationCloud extends CloudOfFunctions {
  readonly oss: { readonly url: string };
  /** Host and port of FaceBody; absent if the cloud's address of it is unknown. */
  readonly facebody?: string;
  /** Whether another process runs the cloud, so that closing leaves it running. */
  readonly isRunning: boolean;
  close(): Promise<void>;
}

/** The cloud that runs on the data folder. If there is none, a new one in memory, in this region. */
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

/** The other process issues no temporary credentials to us, so functions get the key of its account. */
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

import { join } from 'node:path';
import { startLocalCloud } from '../../local/cloud.ts';
import { dataFolderOf } from '../../local/disk/data-folder.ts';
import { redirectEnvironment } from '../../local/gateway/redirect.ts';
import {
  type Connection,
  newAccount,
  readConnection,
  readEarlierStart,
  writeConnection,
} from '../../local/start/connection.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import { createLogger } from '../../shared/runtime/log.ts';
import { type AccountAccess, localAccount } from './account.ts';

export interface LocalCloudPorts {
  readonly dataDir: string;
  readonly ossPort: number;
  readonly mnsPort: number;
  readonly facebodyPort: number;
  readonly fcPort: number;
  readonly region: string;
}

/** A running local cloud that functions can be deployed to. */
export interface DeployTarget {
  readonly connection: Connection;
  readonly account: AccountAccess;
  /** Whether this process started it, and has to stay for it. */
  readonly isOwn: boolean;
  close(): Promise<void>;
}

/** The bucket of a deployment that names no other. */
const LOCAL_BUCKET = 'photos';

/** The cloud that runs on the data folder. Throws `ConfigInvalid` if none does. */
export async function runningTarget(dataDir: string): Promise<DeployTarget> {
  const connection = await readConnection(dataDir);
  if (!connection || !(await answers(connection.ossUrl))) {
    throw new AppError(
      'ConfigInvalid',
      `no cloud runs on ${dataDir}: start one with npx mnsoss-face cloud --tls`,
    );
  }
  return targetOf(connection, false, async () => {});
}

/** The cloud that runs on the data folder; if there is none, one that lives as long as this process. */
export async function openTarget({
  dataDir,
  ossPort,
  mnsPort,
  ...options
}: LocalCloudPorts): Promise<DeployTarget> {
  const known = await readConnection(dataDir).catch(() => undefined);
  if (known && (await answers(known.ossUrl))) return targetOf(known, false, async () => {});
  const logger = createLogger({ level: 'warn', file: join(dataDir, 'log.jsonl') });
  const { connection: earlier, account = newAccount() } = await readEarlierStart(
    dataFolderOf({ dataDir, logger }),
  );
  const cloud = await startLocalCloud({
    ...options,
    dataDir,
    port: ossPort,
    mnsPort,
    tlsPort: 0,
    accounts: [account],
    logger,
  });
  const { oss, mns, facebody, fc, tls, region } = cloud;
  const connection = {
    ...earlier,
    ossUrl: oss.url,
    mnsUrl: mns.url,
    facebodyUrl: facebody.url,
    fcUrl: fc.url,
    tls: { url: tls!.url, caFile: tls!.authorityFile },
    region,
    account,
  };
  await writeConnection(dataDir, connection);
  return targetOf(connection, true, cloud.close);
}

function targetOf(connection: Connection, isOwn: boolean, stop: () => Promise<void>): DeployTarget {
  const { fcUrl } = connection;
  if (fcUrl === undefined) {
    throw new AppError('ConfigInvalid', 'this cloud was started without Function Compute: start it again');
  }
  const account = localAccount(connection, fcUrl);
  return {
    connection,
    account,
    isOwn,
    async close() {
      account.close();
      await stop();
    },
  };
}

/** The settings with which a template describes a deployment to this cloud. */
export function settingsFor(target: DeployTarget, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { region, bucket = LOCAL_BUCKET } = target.connection;
  return { ...env, REGION: region, OSS_BUCKET: env.OSS_BUCKET || bucket };
}

/** The variables that point Serverless Devs, and any other client of Node, at this cloud. */
export function clientEnvironment(target: DeployTarget, env: NodeJS.ProcessEnv): Record<string, string> {
  const { ossUrl, fcUrl = '', tls, account } = target.connection;
  const { REGION = '', OSS_BUCKET = '' } = settingsFor(target, env);
  return {
    AccountID: account.accountId,
    AccessKeyID: account.accessKeyId,
    AccessKeySecret: account.accessKeySecret,
    FC_CLIENT_CUSTOM_ENDPOINT: fcUrl,
    FC_CODE_TEMP_OSS_ENDPOINT: ossUrl,
    REGION,
    OSS_BUCKET,
    // Hosts that no setting names: RAM, Log Service and the resource manager.
    ...redirectEnvironment({ url: fcUrl, tls: tls && { url: tls.url, authorityFile: tls.caFile } }),
  };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}

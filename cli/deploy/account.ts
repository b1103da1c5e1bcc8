import type { Connection } from '../../local/start/connection.ts';
import { createMnsClient, type MnsClient } from '../../shared/mns/client.ts';
import { createOssClient, type OssClient } from '../../shared/oss/client.ts';
import {
  type CredentialProvider,
  environmentCredentials,
  staticCredentials,
} from '../../shared/runtime/credentials.ts';
import { createOpenApi, type OpenApi } from '../open-api.ts';

/** Where the services of an account are. */
export interface Endpoints {
  readonly mns: string;
  readonly mnsOpen: string;
  readonly fc: string;
  readonly ram: string;
  readonly resourceManager: string;
  readonly logs: string;
}

/** An account of Alibaba Cloud, or the one of a running local cloud, with clients for what a deployment needs. */
export interface AccountAccess {
  readonly isLocal: boolean;
  readonly accountId: string;
  readonly region: string;
  readonly credentials: CredentialProvider;
  readonly endpoints: Endpoints;
  readonly api: OpenApi;
  readonly oss: OssClient;
  readonly mns: MnsClient;
  close(): void;
}

const TIMEOUT_MS = 15_000;

/** The account of a running local cloud. */
export function localAccount(connection: Connection, fcUrl: string): AccountAccess {
  const { ossUrl, mnsUrl, region, account } = connection;
  const endpoints = {
    mns: mnsUrl,
    mnsOpen: mnsUrl,
    fc: fcUrl,
    ram: fcUrl,
    resourceManager: fcUrl,
    logs: fcUrl,
  };
  const credentials = staticCredentials(account);
  return accessTo({ isLocal: true, accountId: account.accountId, region, credentials, endpoints }, ossUrl);
}

/** The account whose keys the environment has, also under the names of Serverless Devs. */
export async function remoteAccount(region: string, env: NodeJS.ProcessEnv): Promise<AccountAccess> {
  const credentials = environmentCredentials({
    ...env,
    ALIBABA_CLOUD_ACCESS_KEY_ID: env.ALIBABA_CLOUD_ACCESS_KEY_ID || env.AccessKeyID,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: env.ALIBABA_CLOUD_ACCESS_KEY_SECRET || env.AccessKeySecret,
    ALIBABA_CLOUD_SECURITY_TOKEN: env.ALIBABA_CLOUD_SECURITY_TOKEN || env.SecurityToken,
  });
  const accountId = env.FC_ACCOUNT_ID || env.AccountID || (await whoAmI(credentials));
  const endpoints = {
    mns: `https://${accountId}.mns.${region}.aliyuncs.com`,
    mnsOpen: `https://mns-open.${region}.aliyuncs.com`,
    fc: `https://fcv3.${region}.aliyuncs.com`,
    ram: 'https://ram.aliyuncs.com',
    resourceManager: 'https://resourcemanager.aliyuncs.com',
    logs: `https://${region}.log.aliyuncs.com`,
  };
  return accessTo({ isLocal: false, accountId, region, credentials, endpoints });
}

function accessTo(
  facts: Omit<AccountAccess, 'api' | 'oss' | 'mns' | 'close'>,
  ossUrl?: string,
): AccountAccess {
  const { credentials, region, endpoints } = facts;
  const api = createOpenApi({ credentials });
  const oss = createOssClient({ endpoint: ossUrl, region, credentials, timeoutMs: TIMEOUT_MS });
  const mns = createMnsClient({ endpoint: endpoints.mns, credentials, timeoutMs: TIMEOUT_MS });
  return {
    ...facts,
    api,
    oss,
    mns,
    close() {
      api.close();
      oss.close();
      mns.close();
    },
  };
}

async function whoAmI(credentials: CredentialProvider): Promise<string> {
  const api = createOpenApi({ credentials });
  try {
    const answer = await api.call({
      endpoint: 'https://sts.aliyuncs.com',
      action: 'GetCallerIdentity',
      version: '2015-04-01',
    });
    return (answer as { AccountId: string }).AccountId;
  } finally {
    api.close();
  }
}

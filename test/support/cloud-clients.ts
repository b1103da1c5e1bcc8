import type { LocalCloud } from '../../local/cloud.ts';
import type { Connection } from '../../local/start/connection.ts';
import type { MnsClientOptions } from '../../shared/mns/client.ts';
import { createOssClient, type OssClient, type OssClientOptions } from '../../shared/oss/client.ts';
import { staticCredentials } from '../../shared/runtime/credentials.ts';
import { createTopicClient, type TopicClient } from './mns-topics.ts';

/** A local cloud of this process, or what the data folder says of one in another process. */
type Cloud = Pick<LocalCloud, 'oss' | 'mns' | 'region' | 'credentials'> | Connection;

const addressOf = (cloud: Cloud) =>
  'account' in cloud
    ? { oss: cloud.ossUrl, mns: cloud.mnsUrl, account: cloud.account }
    : { oss: cloud.oss.url, mns: cloud.mns.url, account: cloud.credentials };

/** Acts as the first account and tries everything once. */
export function ossClientOf(cloud: Cloud, options: Partial<OssClientOptions> = {}): OssClient {
  const { oss: endpoint, account } = addressOf(cloud);
  const credentials = staticCredentials(account);
  return createOssClient({
    endpoint,
    region: cloud.region,
    credentials,
    timeoutMs: 10_000,
    attempts: 1,
    ...options,
  });
}

/** Acts as the first account. */
export function mnsClientOf(cloud: Cloud, options: Partial<MnsClientOptions> = {}): TopicClient {
  const { mns: endpoint, account } = addressOf(cloud);
  return createTopicClient({
    endpoint,
    credentials: staticCredentials(account),
    timeoutMs: 10_000,
    ...options,
  });
}

import { readMnsHost } from '../../shared/mns/account.ts';
import { createMnsClient } from '../../shared/mns/client.ts';
import type { MessageQueue } from '../../shared/mns/queue.ts';
import type { OpenBucket } from '../../shared/oss/object-store.ts';
import { openBuckets } from '../../shared/pipeline/compose/buckets.ts';
import { OSS_OPTIONS } from '../../shared/pipeline/compose/oss-options.ts';
import {
  type CredentialProvider,
  environmentCredentials,
  staticCredentials,
} from '../../shared/runtime/credentials.ts';
import { readOptions } from '../../shared/runtime/options.ts';
import { withRunningCloud } from '../running-cloud.ts';

export interface CloudOptions {
  readonly dataDir: string;
  /** MNS endpoint of Alibaba Cloud, `https://<account>.mns.<region>.aliyuncs.com`. @default the local cloud */
  readonly remote?: string | undefined;
}

/** The cloud with the dead letters: Alibaba's, or the local one of a data folder. */
export interface CloudTarget {
  readonly queue: (name: string) => MessageQueue;
  readonly openBucket: OpenBucket;
  readonly credentials: CredentialProvider;
  readonly region: string;
}

const TIMEOUT_MS = 30_000;

export function withCloud(
  { dataDir, remote }: CloudOptions,
  work: (target: CloudTarget) => Promise<void>,
): Promise<void> {
  if (remote !== undefined) return inAlibabaCloud(remote, work);
  return withRunningCloud(dataDir, ({ oss, mns }, { region, account }) =>
    work({ queue: mns.queue, openBucket: oss.bucket, credentials: staticCredentials(account), region }),
  );
}

async function inAlibabaCloud(endpoint: string, work: (target: CloudTarget) => Promise<void>): Promise<void> {
  const REGION = process.env.REGION || readMnsHost(endpoint).region;
  const options = readOptions(OSS_OPTIONS, { ...process.env, REGION });
  const credentials = environmentCredentials();
  const mns = createMnsClient({ endpoint, credentials, timeoutMs: TIMEOUT_MS });
  const buckets = openBuckets(options, { credentials });
  try {
    await work({ queue: mns.queue, openBucket: buckets.openBucket, credentials, region: options.region });
  } finally {
    mns.close();
    buckets.close();
  }
}

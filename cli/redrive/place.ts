import { readMnsHost } from '../../shared/mns/account.ts';
import { createMnsClient } from '../../shared/mns/client.ts';
import type { MessageQueue } from '../../shared/mns/queue.ts';
import { createOssClient } from '../../shared/oss/client.ts';
import type { ObjectStore } from '../../shared/oss/object-store.ts';
import {
  type CredentialProvider,
  environmentCredentials,
  staticCredentials,
} from '../../shared/runtime/credentials.ts';
import { connectionTo } from '../running-cloud.ts';

const TIMEOUT_MS = 30_000;

/** The cloud that letters lie in: Alibaba's, or the local one of a data folder. */
export interface Place {
  queue(name: string): MessageQueue;
  bucket(name: string): ObjectStore;
  readonly credentials: CredentialProvider;
  readonly region: string;
  close(): void;
}

export interface PlaceOptions {
  readonly dataDir: string;
  /** Of Alibaba's MNS, `https://<account>.mns.<region>.aliyuncs.com`; absent: the local cloud. */
  readonly endpoint: string | undefined;
}

export async function openPlace({ dataDir, endpoint }: PlaceOptions): Promise<Place> {
  if (endpoint !== undefined) {
    return place({
      mnsUrl: endpoint,
      region: process.env.REGION || readMnsHost(endpoint).region || '',
      credentials: environmentCredentials(),
    });
  }
  const { mnsUrl, ossUrl, region, account } = await connectionTo(dataDir);
  return place({ mnsUrl, ossUrl, region, credentials: staticCredentials(account) });
}

function place({
  mnsUrl,
  ossUrl,
  region,
  credentials,
}: {
  mnsUrl: string;
  ossUrl?: string;
  region: string;
  credentials: CredentialProvider;
}): Place {
  const common = { credentials, timeoutMs: TIMEOUT_MS };
  const mns = createMnsClient({ ...common, endpoint: mnsUrl });
  const oss = createOssClient({ ...common, region, endpoint: ossUrl });
  return {
    queue: (name) => mns.queue(name),
    bucket: (name) => oss.bucket(name),
    credentials,
    region,
    close() {
      mns.close();
      oss.close();
    },
  };
}

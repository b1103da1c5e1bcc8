import { createMnsClient, type MnsClient } from '../../shared/mns/client.ts';
import { createOssClient, type OssClient } from '../../shared/oss/client.ts';
import { staticCredentials } from '../../shared/runtime/credentials.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { Connection } from './connection.ts';

export interface LocalClients {
  readonly oss: OssClient;
  readonly mns: MnsClient;
  close(): void;
}

/** Clients of a running local cloud, over HTTP as for any other customer. */
export function openLocalClients(
  { ossUrl, mnsUrl, region, account }: Connection,
  logger?: Logger,
): LocalClients {
  const credentials = staticCredentials(account);
  const oss = createOssClient({ endpoint: ossUrl, region, credentials, logger });
  const mns = createMnsClient({ endpoint: mnsUrl, credentials, timeoutMs: 10_000 });
  return {
    oss,
    mns,
    close() {
      oss.close();
      mns.close();
    },
  };
}

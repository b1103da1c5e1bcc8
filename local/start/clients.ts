import { createMnsClient, type MnsClient } from '../../shared/mns/client.ts';
import { createOssClient, type OssClient } from '../../shared/oss/client.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
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
  const common = { region, credentials: staticCredentials(account), clock: systemClock, logger };
  const oss = createOssClient({
    ...common,
    endpoint: ossUrl,
    random: Math.random,
    timeoutMs: 30_000,
    attempts: 3,
  });
  const mns = createMnsClient({ ...common, endpoint: mnsUrl, timeoutMs: 10_000 });
  return {
    oss,
    mns,
    close() {
      oss.close();
      mns.close();
    },
  };
}

import { createMnsClient } from '../../../shared/mns/client.ts';
import { staticCredentials } from '../../../shared/runtime/credentials.ts';
import { messageQueueContract } from '../../contracts/message-queue.ts';
import { createAlicloudMns, createAlicloudMnsQueue } from '../../support/alicloud-mns-queue.ts';
import { MNS_ACCOUNT, startLocalMns } from '../../support/local-mns.ts';

const open = async (attributes: { visibilityTimeout: number; messageRetentionPeriod: number }) => {
  const server = await startLocalMns();
  const client = createMnsClient({
    endpoint: server.url,
    credentials: staticCredentials(MNS_ACCOUNT),
    clock: server.clock,
    timeoutMs: 5000,
  });
  await client.createQueue('contract', attributes);
  return {
    server,
    client,
    async close() {
      client.close();
      await server.close();
    },
  };
};

messageQueueContract('the MNS client against the local server', async (attributes) => {
  const { client, server, close } = await open(attributes);
  return { queue: client.queue('contract'), advance: server.clock.advance, close };
});

messageQueueContract(
  '@alicloud/mns against the local server',
  async (attributes) => {
    const { server, close } = await open(attributes);
    const sdk = createAlicloudMns({ ...MNS_ACCOUNT, endpoint: server.url });
    return { queue: createAlicloudMnsQueue(sdk, 'contract'), advance: server.clock.advance, close };
  },
  { stoppable: false },
);

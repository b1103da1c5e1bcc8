import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { staticCredentials } from '../../../shared/runtime/credentials.ts';
import { type LocalMnsServer, MNS_ACCOUNT, startLocalMns } from '../../support/local-mns.ts';
import { createTopicClient, type TopicClient } from '../../support/mns-topics.ts';

describe('MNS client: topics', () => {
  let server: LocalMnsServer;
  let client: TopicClient;

  beforeEach(async () => {
    server = await startLocalMns();
    client = createTopicClient({
      endpoint: server.url,
      credentials: staticCredentials(MNS_ACCOUNT),
      clock: server.clock,
      timeoutMs: 5000,
    });
  });

  afterEach(async () => {
    client.close();
    await server.close();
  });

  const queueEndpoint = (queue: string) => `acs:mns:cn-hangzhou:${MNS_ACCOUNT.accountId}:queues/${queue}`;

  test('a message that the MNS client publishes arrives in the subscribed queue', async () => {
    await client.createQueue('q');
    await client.createTopic('t');
    await client.subscribe('t', 's', { endpoint: queueEndpoint('q'), format: 'SIMPLIFIED' });

    const published = await client.publish('t', '<event> & "more"');
    const [message] = await client.queue('q').receive({ max: 1, waitSeconds: 0 });

    expect(published.messageId).toMatch(/^[0-9A-F]{32}$/);
    expect(message?.body).toBe('<event> & "more"');
  });

  test('a subscription of the MNS client with a tag delivers only messages with that tag', async () => {
    await client.createQueue('q');
    await client.createTopic('t');
    const endpoint = queueEndpoint('q');
    await client.subscribe('t', 's', { endpoint, format: 'SIMPLIFIED', filterTag: 'faces' });

    await client.publish('t', 'untagged');
    await client.publish('t', 'tagged', { tag: 'faces' });
    const messages = await client.queue('q').receive({ max: 16, waitSeconds: 0 });

    expect(messages.map((message) => message.body)).toEqual(['tagged']);
  });

  test('the MNS client creates the same resource twice and rejects a different one of that name', async () => {
    const attributes = { visibilityTimeout: 60, messageRetentionPeriod: 120 };
    const create = () => client.createQueue('q', attributes);
    await create();
    await client.createTopic('t');
    const endpoint = queueEndpoint('q');
    const subscribe = () => client.subscribe('t', 's', { endpoint, format: 'JSON' });
    await subscribe();

    await expect(create()).resolves.toBeUndefined();
    await expect(client.createTopic('t')).resolves.toBeUndefined();
    await expect(subscribe()).resolves.toBeUndefined();
    await expect(client.createQueue('q', { visibilityTimeout: 61 })).rejects.toMatchObject({
      code: 'ResourceConflict',
      details: { mnsCode: 'QueueAlreadyExist', status: 409, path: '/queues/q' },
    });
    await expect(client.subscribe('t', 's', { endpoint, format: 'XML' })).rejects.toMatchObject({
      code: 'ResourceConflict',
    });
  });

  test('the MNS client lists and deletes subscriptions', async () => {
    await client.createQueue('q');
    await client.createTopic('t');
    for (const name of ['one', 'two', 'three'])
      await client.subscribe('t', name, { endpoint: queueEndpoint('q'), format: 'SIMPLIFIED' });

    await client.unsubscribe('t', 'two');
    await client.unsubscribe('t', 'never-was');

    expect((await client.listSubscriptions('t')).sort()).toEqual(['one', 'three']);
  });

  test('the MNS client reads a topic and reports a missing one', async () => {
    await client.createTopic('t');

    await expect(client.getTopic('t')).resolves.toEqual({ name: 't', messageRetentionPeriod: 86_400 });
    await expect(client.getTopic('none')).rejects.toMatchObject({ code: 'TopicNotExist' });
    await expect(client.publish('none', 'x')).rejects.toMatchObject({ code: 'TopicNotExist' });
  });

  test('the MNS client deletes queues, also those that do not exist', async () => {
    await client.createQueue('q');

    await client.deleteQueue('q');
    await client.deleteQueue('q');

    const receive = client.queue('q').receive({ max: 1, waitSeconds: 0 });
    await expect(receive).rejects.toMatchObject({ code: 'QueueNotExist' });
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMnsClient, type MnsClient } from '../../../shared/mns/client.ts';
import { staticCredentials } from '../../../shared/runtime/credentials.ts';
import { type LocalMnsServer, MNS_ACCOUNT, startLocalMns } from '../../support/local-mns.ts';

describe('queues, topics and subscriptions of the MNS client', () => {
  let server: LocalMnsServer;
  let client: MnsClient;

  beforeEach(async () => {
    server = await startLocalMns();
    client = createMnsClient({
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
  const namesOf = async (topic: string) => {
    const names: string[] = [];
    for await (const name of client.listSubscriptions(topic)) names.push(name);
    return names;
  };

  it('brings what is published to the queue that subscribed', async () => {
    await client.createQueue('q');
    await client.createTopic('t');
    await client.subscribe('t', 's', { endpoint: queueEndpoint('q'), format: 'SIMPLIFIED' });

    const published = await client.publish('t', '<event> & "more"');
    const [message] = await client.queue('q').receive({ max: 1, waitSeconds: 0 });

    expect(published.messageId).toMatch(/^[0-9A-F]{32}$/);
    expect(message?.body).toBe('<event> & "more"');
  });

  it('brings only tagged messages where a tag is demanded', async () => {
    await client.createQueue('q');
    await client.createTopic('t');
    const endpoint = queueEndpoint('q');
    await client.subscribe('t', 's', { endpoint, format: 'SIMPLIFIED', filterTag: 'faces' });

    await client.publish('t', 'untagged');
    await client.publish('t', 'tagged', { tag: 'faces' });
    const messages = await client.queue('q').receive({ max: 16, waitSeconds: 0 });

    expect(messages.map((message) => message.body)).toEqual(['tagged']);
  });

  it('creates twice what is the same and refuses what differs', async () => {
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

  it('lists and ends subscriptions', async () => {
    await client.createQueue('q');
    await client.createTopic('t');
    for (const name of ['one', 'two', 'three'])
      await client.subscribe('t', name, { endpoint: queueEndpoint('q'), format: 'SIMPLIFIED' });

    await client.unsubscribe('t', 'two');
    await client.unsubscribe('t', 'never-was');

    expect((await namesOf('t')).sort()).toEqual(['one', 'three']);
  });

  it('tells of a topic, and that there is none', async () => {
    await client.createTopic('t');

    await expect(client.getTopic('t')).resolves.toEqual({ name: 't', messageRetentionPeriod: 86_400 });
    await expect(client.getTopic('none')).rejects.toMatchObject({ code: 'TopicNotExist' });
    await expect(client.publish('none', 'x')).rejects.toMatchObject({ code: 'TopicNotExist' });
  });

  it('deletes queues, also those that are gone', async () => {
    await client.createQueue('q');

    await client.deleteQueue('q');
    await client.deleteQueue('q');

    const receive = client.queue('q').receive({ max: 1, waitSeconds: 0 });
    await expect(receive).rejects.toMatchObject({ code: 'QueueNotExist' });
  });
});

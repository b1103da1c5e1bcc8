import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import type { MessageQueue } from '../../shared/mns/queue.ts';
import { mnsClientOf } from '../support/cloud-clients.ts';
import type { TopicClient } from '../support/mns-topics.ts';
import { checkThrough } from './check.ts';

const check = checkThrough('our MNS client V2');

/** What the contract of message queues proves in depth; here a look at each operation. */
describe("the project's MNS client", () => {
  let cloud: LocalCloud;
  let client: TopicClient;
  let queue: MessageQueue;
  let queues = 0;

  beforeAll(async () => {
    cloud = await startLocalCloud();
    client = mnsClientOf(cloud);
  });
  afterAll(async () => {
    client.close();
    await cloud.close();
  });
  beforeEach(async () => {
    const name = `queue-${++queues}`;
    await client.createQueue(name);
    queue = client.queue(name);
  });
  const receive = () => queue.receive({ max: 16, waitSeconds: 0 });

  check('CreateQueue', 'refuses other settings', async () => {
    const other = client.createQueue(queue.name, { visibilityTimeout: 31 });

    await expect(other).rejects.toMatchObject({ code: 'ResourceConflict' });
  });

  check('DeleteQueue', 'succeeds twice', async () => {
    await client.deleteQueue(queue.name);
    await client.deleteQueue(queue.name);

    await expect(receive()).rejects.toMatchObject({ code: 'QueueNotExist' });
  });

  check('GetQueueAttributes', 'counts messages', async () => {
    await queue.send('m');

    expect(await queue.attributes()).toMatchObject({ activeMessages: 1, inactiveMessages: 0 });
  });

  check('SendMessage', 'accepts any text', async () => {
    await queue.send('<é & 😀>');

    const [message] = await receive();
    expect(message!.body).toBe('<é & 😀>');
  });

  check('ReceiveMessage', 'waits for a message', async () => {
    const waiting = queue.receive({ max: 1, waitSeconds: 20 });
    await queue.send('at last');

    expect((await waiting).map(({ body }) => body)).toEqual(['at last']);
  });

  check('PeekMessage', 'returns a message without hiding it', async () => {
    await queue.send('m');

    const [peeked] = await queue.peek(1);

    expect(peeked).toMatchObject({ body: 'm', dequeueCount: 0 });
    expect(await receive()).toHaveLength(1);
  });

  check('DeleteMessage', 'deletes a message', async () => {
    await queue.send('m');
    const [message] = await receive();

    expect(await queue.delete([message!.receiptHandle])).toEqual([]);
    expect(await queue.attributes()).toMatchObject({ inactiveMessages: 0 });
  });

  check('BatchDeleteMessage', 'names the invalid handles', async () => {
    await queue.send('1');
    await queue.send('2');
    const [first, second] = (await receive()).map(({ receiptHandle }) => receiptHandle);
    await queue.delete([first!]);

    const failures = await queue.delete([first!, second!]);

    expect(failures).toMatchObject([{ receiptHandle: first, code: 'MessageNotExist' }]);
  });

  check('ChangeMessageVisibility', 'returns a new handle', async () => {
    await queue.send('m');
    const [message] = await receive();

    const changed = await queue.changeVisibility(message!.receiptHandle, 100);

    expect(await queue.delete([message!.receiptHandle])).toHaveLength(1);
    expect(await queue.delete([changed.receiptHandle])).toEqual([]);
  });

  check('CreateTopic', 'succeeds again with the same settings', async () => {
    await client.createTopic('created');
    await client.createTopic('created');

    expect(await client.getTopic('created')).toMatchObject({ name: 'created' });
  });

  check('GetTopicAttributes', 'reports a topic that does not exist', async () => {
    await expect(client.getTopic('nothing')).rejects.toMatchObject({ code: 'TopicNotExist' });
  });

  check('Subscribe', 'delivers published messages to the queue', async () => {
    await client.createTopic('news');
    const endpoint = `acs:mns:${cloud.region}:${cloud.accountId}:queues/${queue.name}`;

    await client.subscribe('news', 'sub', { endpoint, format: 'SIMPLIFIED', filterTag: 'wanted' });
    await client.publish('news', 'no', { tag: 'other' });
    await client.publish('news', 'yes', { tag: 'wanted' });

    expect((await receive()).map(({ body }) => body)).toEqual(['yes']);
  });

  check('PublishMessage', 'returns id and MD5', async () => {
    await client.createTopic('published');

    expect(await client.publish('published', 'm')).toMatchObject({
      bodyMD5: '6F8F57715090DA2632453988D9A1501B',
    });
  });

  check('ListSubscriptionByTopic', 'lists subscriptions', async () => {
    await client.createTopic('listed');
    const endpoint = `acs:mns:${cloud.region}:${cloud.accountId}:queues/${queue.name}`;
    for (const name of ['s1', 's2']) await client.subscribe('listed', name, { endpoint, format: 'JSON' });

    const names = await client.listSubscriptions('listed');

    expect(names).toEqual(['s1', 's2']);
  });

  check('Unsubscribe', 'ends the delivery', async () => {
    await client.createTopic('ended');
    const endpoint = `acs:mns:${cloud.region}:${cloud.accountId}:queues/${queue.name}`;
    await client.subscribe('ended', 'sub', { endpoint, format: 'SIMPLIFIED' });

    await client.unsubscribe('ended', 'sub');
    await client.publish('ended', 'm');

    expect(await receive()).toEqual([]);
  });
});

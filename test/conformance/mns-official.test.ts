import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { type ManualClock, manualClock } from '../../shared/runtime/clock.ts';
import { ACCOUNT, createSdk, type MnsSdk } from '../local/mns/support.ts';
import { checkThrough } from './check.ts';

const check = checkThrough('@alicloud/mns V2', { official: true });
const upperMd5 = (text: string) => createHash('md5').update(text).digest('hex').toUpperCase();
const named = (name: string) => ({ name: `MNS${name}Error` });

describe('@alicloud/mns', () => {
  let cloud: LocalCloud;
  let clock: ManualClock;
  let sdk: MnsSdk;
  let queue: string;
  let queues = 0;

  beforeAll(async () => {
    // The SDK signs with the real time.
    clock = manualClock(Date.now());
    cloud = await startLocalCloud({ accounts: [ACCOUNT], clock });
    sdk = createSdk(cloud.mns.url);
  });
  afterAll(() => cloud.close());
  beforeEach(async () => {
    queue = `queue-${++queues}`;
    await sdk.createQueue(queue, { VisibilityTimeout: 30 });
  });
  const send = (text: string, more = {}) => sdk.sendMessage(queue, { MessageBody: text, ...more });

  check('CreateQueue', 'succeeds again with the same settings and refuses others', async () => {
    const again = await sdk.createQueue(queue, { VisibilityTimeout: 30 });

    expect(again).toMatchObject({ code: 204, headers: { location: `${cloud.mns.url}/queues/${queue}` } });
    await expect(sdk.createQueue(queue, { VisibilityTimeout: 31 })).rejects.toMatchObject(
      named('QueueAlreadyExist'),
    );
    await expect(sdk.createQueue('no_underscores')).rejects.toMatchObject(named('InvalidQueueName'));
  });

  check('SetQueueAttributes', 'changes only the given settings', async () => {
    await sdk.setQueueAttributes(queue, { DelaySeconds: 5 });

    const { body } = await sdk.getQueueAttributes(queue);
    expect(body).toMatchObject({ DelaySeconds: '5', VisibilityTimeout: '30' });
  });

  check('GetQueueAttributes', 'counts messages by state', async () => {
    await send('active');
    await send('delayed', { DelaySeconds: 60 });
    await send('taken', { Priority: 1 });
    await sdk.receiveMessage(queue);

    const { body } = await sdk.getQueueAttributes(queue);

    expect(body).toMatchObject({ ActiveMessages: '1', InactiveMessages: '1', DelayMessages: '1' });
  });

  check('ListQueue', 'lists by prefix and in pages', async () => {
    for (const name of ['list-1', 'list-2', 'list-3']) await sdk.createQueue(name);

    const first = await sdk.listQueue('', 2, 'list-');
    const rest = await sdk.listQueue('list-2', 2, 'list-');

    const names = [...first.body, ...rest.body].map(({ QueueName }) => QueueName);
    expect(names).toEqual(['list-1', 'list-2', 'list-3']);
  });

  check('DeleteQueue', 'deletes the messages too', async () => {
    await send('m');

    await sdk.deleteQueue(queue);

    await expect(sdk.peekMessage(queue)).rejects.toMatchObject(named('QueueNotExist'));
    await sdk.createQueue(queue);
    await expect(sdk.peekMessage(queue)).rejects.toMatchObject(named('MessageNotExist'));
  });

  check('SendMessage', 'returns id and MD5', async () => {
    const { code, body } = await send('bGluZQ==');

    expect({ code, md5: body.MessageBodyMD5 }).toEqual({ code: 201, md5: upperMd5('bGluZQ==') });
    expect(body.MessageId).toMatch(/^[0-9A-F]{32}$/);
  });

  check('SendMessage', 'refuses a message larger than the queue accepts', async () => {
    await expect(send('x'.repeat(65_537))).rejects.toMatchObject(named('InvalidArgument'));
    await expect(send('x', { DelaySeconds: 604_801 })).rejects.toMatchObject(named('InvalidArgument'));
    await expect(send('x', { Priority: 17 })).rejects.toMatchObject(named('InvalidArgument'));
  });

  check('BatchSendMessage', 'sends up to sixteen messages', async () => {
    const messages = Array.from({ length: 16 }, (_, index) => ({ MessageBody: `m-${index}` }));

    const { body } = await sdk.batchSendMessage(queue, messages);

    expect(body.map(({ MessageBodyMD5 }) => MessageBodyMD5)).toEqual(
      messages.map(({ MessageBody }) => upperMd5(MessageBody)),
    );
    const more = sdk.batchSendMessage(queue, [...messages, ...messages]);
    await expect(more).rejects.toThrow();
  });

  check('ReceiveMessage', 'returns the most urgent message and hides it', async () => {
    await send('later', { Priority: 9 });
    await send('first', { Priority: 1 });

    const taken = await sdk.receiveMessage(queue);
    const other = await sdk.receiveMessage(queue);
    await clock.advance(30_000);
    const again = await sdk.receiveMessage(queue);

    expect([taken, other, again].map(({ body }) => body.MessageBody)).toEqual(['first', 'later', 'first']);
    expect(again.body).toMatchObject({
      MessageId: taken.body.MessageId,
      DequeueCount: '2',
      FirstDequeueTime: taken.body.FirstDequeueTime,
    });
  });

  check('ReceiveMessage', 'waits for a message', async () => {
    const waiting = sdk.receiveMessage(queue, 20);
    await send('at last');

    expect((await waiting).body.MessageBody).toBe('at last');
  });

  check('ReceiveMessage', 'returns several messages at once', async () => {
    const bodies = ['1', '2', '3'];
    for (const body of bodies) await send(body);

    const { body: received } = await sdk.batchReceiveMessage(queue, 16);

    expect(received.map(({ MessageBody }) => MessageBody).sort()).toEqual(bodies);
    await expect(sdk.batchReceiveMessage(queue, 16)).rejects.toMatchObject(named('MessageNotExist'));
  });

  check('PeekMessage', 'returns a message without hiding it', async () => {
    await send('m');

    const peeked = await sdk.peekMessage(queue);
    const many = await sdk.batchPeekMessage(queue, 16);

    expect(peeked.body).toMatchObject({ MessageBody: 'm', DequeueCount: '0' });
    expect(peeked.body.ReceiptHandle).toBeUndefined();
    expect(many.body).toHaveLength(1);
    expect((await sdk.receiveMessage(queue)).body.DequeueCount).toBe('1');
  });

  check('DeleteMessage', 'needs the latest receipt handle', async () => {
    await send('m');
    const first = await sdk.receiveMessage(queue);
    await clock.advance(30_000);
    const second = await sdk.receiveMessage(queue);

    await expect(sdk.deleteMessage(queue, first.body.ReceiptHandle!)).rejects.toMatchObject(
      named('MessageNotExist'),
    );
    await expect(sdk.deleteMessage(queue, 'nonsense')).rejects.toMatchObject(named('ReceiptHandleError'));
    expect((await sdk.deleteMessage(queue, second.body.ReceiptHandle!)).code).toBe(204);
  });

  check('BatchDeleteMessage', 'names the invalid handles', async () => {
    await send('1');
    await send('2');
    const { body } = await sdk.batchReceiveMessage(queue, 16);
    const [first, second] = body.map(({ ReceiptHandle }) => ReceiptHandle!);
    await sdk.deleteMessage(queue, first!);

    const { body: failures } = await sdk.batchDeleteMessage(queue, [first!, second!]);

    expect(failures).toMatchObject([{ ReceiptHandle: first, ErrorCode: 'MessageNotExist' }]);
    expect((await sdk.getQueueAttributes(queue)).body.InactiveMessages).toBe('0');
  });

  check('ChangeMessageVisibility', 'returns a new handle and invalidates the old one', async () => {
    await send('m');
    const { body: received } = await sdk.receiveMessage(queue);

    const changed = await sdk.changeMessageVisibility(queue, received.ReceiptHandle!, 100);

    expect(changed.body.NextVisibleTime).toBe(String(clock.now() + 100_000));
    await expect(sdk.deleteMessage(queue, received.ReceiptHandle!)).rejects.toMatchObject(
      named('MessageNotExist'),
    );
    expect((await sdk.deleteMessage(queue, changed.body.ReceiptHandle!)).code).toBe(204);
  });

  check('CreateTopic', 'succeeds again with the same settings', async () => {
    const created = await sdk.createTopic('created');
    const again = await sdk.createTopic('created');

    expect([created.code, again.code]).toEqual([201, 204]);
  });

  check('SetTopicAttributes', 'changes the maximum message size', async () => {
    await sdk.createTopic('set');

    await sdk.setTopicAttributes('set', { MaximumMessageSize: 2048 });

    expect((await sdk.getTopicAttributes('set')).body).toMatchObject({ MaximumMessageSize: '2048' });
  });

  check('GetTopicAttributes', 'describes the topic', async () => {
    await sdk.createTopic('described');

    const { body } = await sdk.getTopicAttributes('described');

    expect(body).toMatchObject({
      TopicName: 'described',
      MessageRetentionPeriod: '86400',
      MessageCount: '0',
    });
    await expect(sdk.getTopicAttributes('nothing')).rejects.toMatchObject(named('TopicNotExist'));
  });

  check('ListTopic', 'lists by prefix', async () => {
    for (const name of ['listed-1', 'listed-2']) await sdk.createTopic(name);

    const { body } = await sdk.listTopic('', 10, 'listed-');

    expect(body.map(({ TopicName }) => TopicName)).toEqual(['listed-1', 'listed-2']);
  });

  check('PublishMessage', 'returns id and MD5', async () => {
    await sdk.createTopic('published');

    const { code, body } = await sdk.publishMessage('published', { MessageBody: 'm' });

    expect({ code, md5: body.MessageBodyMD5 }).toEqual({ code: 201, md5: upperMd5('m') });
  });
});

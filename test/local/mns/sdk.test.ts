import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startMns, type TestMns, until } from './support.ts';

/** The official Node SDK against this server, for all that the SDK implements. */
describe('@alicloud/mns', () => {
  let server: TestMns;
  beforeEach(async () => {
    server = await startMns();
  });
  afterEach(() => server.close());

  const upperMd5 = (text: string) => createHash('md5').update(text).digest('hex').toUpperCase();

  describe('queues', () => {
    test('a queue is created, created again with the same settings, and refused with others', async () => {
      const created = await server.sdk.createQueue('q', { DelaySeconds: 5 });
      const again = await server.sdk.createQueue('q', { DelaySeconds: 5 });
      const other = server.sdk.createQueue('q', { DelaySeconds: 6 });

      expect(created).toMatchObject({ code: 201, headers: { location: `${server.url}/queues/q` } });
      expect(again).toMatchObject({ code: 204, headers: { location: `${server.url}/queues/q` } });
      await expect(other).rejects.toMatchObject({ name: 'MNSQueueAlreadyExistError' });
    });

    test('the attributes of a queue are returned, and only given ones change', async () => {
      await server.sdk.createQueue('q', { VisibilityTimeout: 60 });
      await server.clock.advance(2000);

      await server.sdk.setQueueAttributes('q', { PollingWaitSeconds: 7 });

      const { body } = await server.sdk.getQueueAttributes('q');
      expect(body).toMatchObject({
        QueueName: 'q',
        DelaySeconds: '0',
        MaximumMessageSize: '65536',
        MessageRetentionPeriod: '345600',
        VisibilityTimeout: '60',
        PollingWaitSeconds: '7',
        ActiveMessages: '0',
        InactiveMessages: '0',
        DelayMessages: '0',
        LoggingEnabled: 'False',
      });
      expect(Number(body.LastModifyTime)).toBe(Number(body.CreateTime) + 2);
    });

    test('queues are listed by prefix and in pages', async () => {
      for (const name of ['a-1', 'b-1', 'b-2', 'b-3']) await server.sdk.createQueue(name);

      const first = await server.sdk.listQueue('', 2, 'b-');
      const second = await server.sdk.listQueue('b-2', 2, 'b-');

      expect(first.body.map((queue) => queue.QueueName)).toEqual(['b-1', 'b-2']);
      expect(second.body).toEqual([{ QueueName: 'b-3', QueueURL: `${server.url}/queues/b-3` }]);
    });

    test('a queue is deleted with all its messages', async () => {
      await server.sdk.createQueue('q');
      await server.sdk.sendMessage('q', { MessageBody: 'm' });

      const deleted = await server.sdk.deleteQueue('q');

      expect(deleted.code).toBe(204);
      await expect(server.sdk.peekMessage('q')).rejects.toMatchObject({ name: 'MNSQueueNotExistError' });
      await server.sdk.createQueue('q');
      await expect(server.sdk.peekMessage('q')).rejects.toMatchObject({ name: 'MNSMessageNotExistError' });
    });
  });

  describe('messages', () => {
    beforeEach(() => server.sdk.createQueue('q', { VisibilityTimeout: 30 }));

    test('a message is sent, received once and deleted', async () => {
      const sentAt = server.clock.now();
      const sent = await server.sdk.sendMessage('q', { MessageBody: 'bGluZQ==', Priority: 3 });
      await server.clock.advance(50);

      const { body: received } = await server.sdk.receiveMessage('q');
      const second = server.sdk.receiveMessage('q');

      expect(sent).toMatchObject({ code: 201, body: { MessageBodyMD5: upperMd5('bGluZQ==') } });
      expect(received).toMatchObject({
        MessageId: sent.body.MessageId,
        MessageBody: 'bGluZQ==',
        MessageBodyMD5: upperMd5('bGluZQ=='),
        EnqueueTime: String(sentAt),
        FirstDequeueTime: String(sentAt + 50),
        NextVisibleTime: String(sentAt + 50 + 30_000),
        DequeueCount: '1',
        Priority: '3',
      });
      expect(received.MessageId).toMatch(/^[0-9A-F]{32}$/);
      await expect(second).rejects.toMatchObject({ name: 'MNSMessageNotExistError' });
      await server.sdk.deleteMessage('q', received.ReceiptHandle!);
      await server.clock.advance(31_000);
      await expect(server.sdk.receiveMessage('q')).rejects.toMatchObject({ name: 'MNSMessageNotExistError' });
    });

    test('a receipt handle becomes invalid when the visibility changes', async () => {
      await server.sdk.sendMessage('q', { MessageBody: 'm' });
      const { body: received } = await server.sdk.receiveMessage('q');

      const changed = await server.sdk.changeMessageVisibility('q', received.ReceiptHandle!, 100);

      expect(changed.body.NextVisibleTime).toBe(String(server.clock.now() + 100_000));
      await expect(server.sdk.deleteMessage('q', received.ReceiptHandle!)).rejects.toMatchObject({
        name: 'MNSMessageNotExistError',
      });
      await expect(server.sdk.deleteMessage('q', changed.body.ReceiptHandle!)).resolves.toMatchObject({
        code: 204,
      });
    });

    test('a message is delivered again after its visibility timeout, and the old handle is invalid', async () => {
      await server.sdk.sendMessage('q', { MessageBody: 'm' });
      const { body: first } = await server.sdk.receiveMessage('q');
      await server.clock.advance(30_000);

      const { body: second } = await server.sdk.receiveMessage('q');

      expect(second).toMatchObject({
        MessageId: first.MessageId,
        DequeueCount: '2',
        FirstDequeueTime: first.FirstDequeueTime,
      });
      await expect(server.sdk.deleteMessage('q', first.ReceiptHandle!)).rejects.toMatchObject({
        name: 'MNSMessageNotExistError',
      });
    });

    test('a malformed receipt handle and an old one have different errors', async () => {
      await expect(server.sdk.deleteMessage('q', 'nonsense')).rejects.toMatchObject({
        name: 'MNSReceiptHandleErrorError',
      });
    });

    test('a delayed message is hidden, and every state is counted', async () => {
      await server.sdk.sendMessage('q', { MessageBody: 'delayed', DelaySeconds: 10 });
      await server.sdk.sendMessage('q', { MessageBody: 'received' });
      await server.sdk.sendMessage('q', { MessageBody: 'active' });
      await server.sdk.receiveMessage('q');

      const before = await server.sdk.getQueueAttributes('q');
      await server.clock.advance(10_000);
      const after = await server.sdk.getQueueAttributes('q');

      expect(before.body).toMatchObject({ ActiveMessages: '1', InactiveMessages: '1', DelayMessages: '1' });
      expect(after.body).toMatchObject({ ActiveMessages: '2', InactiveMessages: '1', DelayMessages: '0' });
    });

    test('the sender of a delayed message can change its time or delete it', async () => {
      const { body: sooner } = await server.sdk.sendMessage('q', {
        MessageBody: 'sooner',
        DelaySeconds: 100,
      });
      const { body: never } = await server.sdk.sendMessage('q', { MessageBody: 'never', DelaySeconds: 100 });
      const { body: direct } = await server.sdk.sendMessage('q', { MessageBody: 'direct' });

      await server.sdk.changeMessageVisibility('q', sooner.ReceiptHandle!, 5);
      await server.sdk.deleteMessage('q', never.ReceiptHandle!);

      expect(direct).not.toHaveProperty('ReceiptHandle');
      await server.clock.advance(5000);
      const { body } = await server.sdk.batchReceiveMessage('q', 16);
      expect(body.map((message) => message.MessageBody)).toEqual(['sooner', 'direct']);
      expect(body[0]).toMatchObject({ DequeueCount: '1', FirstDequeueTime: String(server.clock.now()) });
    });

    test('messages older than the retention are deleted in every state', async () => {
      await server.sdk.setQueueAttributes('q', { MessageRetentionPeriod: 60 });
      await server.sdk.sendMessage('q', { MessageBody: 'received' });
      await server.sdk.sendMessage('q', { MessageBody: 'active' });
      const { body: received } = await server.sdk.receiveMessage('q');
      await server.sdk.changeMessageVisibility('q', received.ReceiptHandle!, 600);

      await server.clock.advance(60_000);

      const { body } = await server.sdk.getQueueAttributes('q');
      expect(body).toMatchObject({ ActiveMessages: '0', InactiveMessages: '0', DelayMessages: '0' });
    });

    test('messages are received by priority, then by age', async () => {
      await server.sdk.batchSendMessage('q', [
        { MessageBody: 'low', Priority: 16 },
        { MessageBody: 'usual' },
        { MessageBody: 'urgent', Priority: 1 },
        { MessageBody: 'usual, later' },
      ]);

      const { body } = await server.sdk.batchReceiveMessage('q', 16);

      expect(body.map((message) => message.MessageBody)).toEqual(['urgent', 'usual', 'usual, later', 'low']);
    });

    test('a peek does not hide a message', async () => {
      await server.sdk.sendMessage('q', { MessageBody: 'm' });

      const { body: peeked } = await server.sdk.peekMessage('q');
      const { body: batch } = await server.sdk.batchPeekMessage('q', 16);

      expect(peeked).toMatchObject({ MessageBody: 'm', DequeueCount: '0' });
      expect(peeked).not.toHaveProperty('ReceiptHandle');
      expect(peeked).not.toHaveProperty('NextVisibleTime');
      expect(batch).toHaveLength(1);
    });

    test('a batch deletes what it can and names the rest', async () => {
      await server.sdk.batchSendMessage('q', [{ MessageBody: 'a' }, { MessageBody: 'b' }]);
      const { body: received } = await server.sdk.batchReceiveMessage('q', 2);
      const [a, b] = received.map((message) => message.ReceiptHandle!);
      await server.sdk.deleteMessage('q', a!);

      const { code, body: failures } = await server.sdk.batchDeleteMessage('q', [a!, b!]);

      expect(code).toBe(404);
      expect(failures).toEqual([
        { ErrorCode: 'MessageNotExist', ErrorMessage: 'Message not exist.', ReceiptHandle: a },
      ]);
      expect((await server.sdk.getQueueAttributes('q')).body.InactiveMessages).toBe('0');
    });

    test('a batch sends what it can and names the rest in its place', async () => {
      const { code, body } = await server.sdk.batchSendMessage('q', [
        { MessageBody: 'a' },
        { MessageBody: 'b', DelaySeconds: -1 },
        { MessageBody: 'c' },
      ]);

      expect(code).toBe(500);
      expect(body.map((entry) => entry.ErrorCode ?? entry.MessageBodyMD5)).toEqual([
        upperMd5('a'),
        'InvalidArgument',
        upperMd5('c'),
      ]);
      expect((await server.sdk.batchReceiveMessage('q', 16)).body).toHaveLength(2);
    });

    test('a long poll is answered as soon as a message arrives', async () => {
      const polling = server.sdk.receiveMessage('q', 20);
      await until(() => server.clock.pending() === 1);

      await server.sdk.sendMessage('q', { MessageBody: 'm' });

      expect((await polling).body.MessageBody).toBe('m');
      expect(server.clock.pending()).toBe(0);
    });

    test('a long poll is answered when a delay or a visibility timeout ends', async () => {
      await server.sdk.sendMessage('q', { MessageBody: 'm', DelaySeconds: 5 });

      const first = server.sdk.receiveMessage('q', 20);
      await until(() => server.clock.pending() === 2);
      await server.clock.advance(5000);
      const { body: afterDelay } = await first;
      await server.sdk.changeMessageVisibility('q', afterDelay.ReceiptHandle!, 7);
      const second = server.sdk.receiveMessage('q', 20);
      await until(() => server.clock.pending() === 2);
      await server.clock.advance(7000);
      const { body: afterTimeout } = await second;

      expect([afterDelay.DequeueCount, afterTimeout.DequeueCount]).toEqual(['1', '2']);
      expect(afterTimeout.FirstDequeueTime).toBe(String(server.clock.now() - 7000));
    });

    test('a long poll without a message ends after its time', async () => {
      const polling = expect(server.sdk.receiveMessage('q', 20)).rejects.toMatchObject({
        name: 'MNSMessageNotExistError',
      });
      await until(() => server.clock.pending() === 1);

      await server.clock.advance(20_000);

      await polling;
    });
  });

  describe('topics', () => {
    test('a topic is created, listed, described and changed', async () => {
      const created = await server.sdk.createTopic('t', { MaximumMessageSize: 2048 });
      const again = await server.sdk.createTopic('t', { MaximumMessageSize: 2048 });
      await server.sdk.setTopicAttributes('t', { MaximumMessageSize: 4096 });

      const { body } = await server.sdk.getTopicAttributes('t');
      const list = await server.sdk.listTopic();

      expect([created.code, again.code]).toEqual([201, 204]);
      expect(body).toMatchObject({
        TopicName: 't',
        MessageCount: '0',
        MaximumMessageSize: '4096',
        MessageRetentionPeriod: '86400',
        LoggingEnabled: 'False',
      });
      expect(list.body).toEqual([{ TopicName: 't', TopicURL: `${server.url}/topics/t` }]);
    });

    test('a message is published to a topic', async () => {
      await server.sdk.createTopic('t');

      const { code, body } = await server.sdk.publishMessage('t', { MessageBody: 'm' });

      expect(code).toBe(201);
      expect(body).toMatchObject({ MessageBodyMD5: upperMd5('m') });
    });
  });
});

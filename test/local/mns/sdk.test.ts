import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startMns, type TestMns, until } from './support.ts';

/** The official Node SDK against this server, for all that the SDK implements. */
describe('@alicloud/mns', () => {
  let test: TestMns;
  beforeEach(async () => {
    test = await startMns();
  });
  afterEach(() => test.close());

  const upperMd5 = (text: string) => createHash('md5').update(text).digest('hex').toUpperCase();

  describe('queues', () => {
    it('creates, finds again and refuses other settings', async () => {
      const created = await test.sdk.createQueue('q', { DelaySeconds: 5 });
      const again = await test.sdk.createQueue('q', { DelaySeconds: 5 });
      const other = test.sdk.createQueue('q', { DelaySeconds: 6 });

      expect(created).toMatchObject({ code: 201, headers: { location: `${test.url}/queues/q` } });
      expect(again).toMatchObject({ code: 204, headers: { location: `${test.url}/queues/q` } });
      await expect(other).rejects.toMatchObject({ name: 'MNSQueueAlreadyExistError' });
    });

    it('shows attributes and changes those that are given', async () => {
      await test.sdk.createQueue('q', { VisibilityTimeout: 60 });
      await test.clock.advance(2000);

      await test.sdk.setQueueAttributes('q', { PollingWaitSeconds: 7 });

      const { body } = await test.sdk.getQueueAttributes('q');
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

    it('lists by prefix, a page at a time', async () => {
      for (const name of ['a-1', 'b-1', 'b-2', 'b-3']) await test.sdk.createQueue(name);

      const first = await test.sdk.listQueue('', 2, 'b-');
      const second = await test.sdk.listQueue('b-2', 2, 'b-');

      expect(first.body.map((queue) => queue.QueueName)).toEqual(['b-1', 'b-2']);
      expect(second.body).toEqual([{ QueueName: 'b-3', QueueURL: `${test.url}/queues/b-3` }]);
    });

    it('deletes with all messages', async () => {
      await test.sdk.createQueue('q');
      await test.sdk.sendMessage('q', { MessageBody: 'm' });

      const deleted = await test.sdk.deleteQueue('q');

      expect(deleted.code).toBe(204);
      await expect(test.sdk.peekMessage('q')).rejects.toMatchObject({ name: 'MNSQueueNotExistError' });
      await test.sdk.createQueue('q');
      await expect(test.sdk.peekMessage('q')).rejects.toMatchObject({ name: 'MNSMessageNotExistError' });
    });
  });

  describe('messages', () => {
    beforeEach(() => test.sdk.createQueue('q', { VisibilityTimeout: 30 }));

    it('sends, receives once, and deletes', async () => {
      const sentAt = test.clock.now();
      const sent = await test.sdk.sendMessage('q', { MessageBody: 'bGluZQ==', Priority: 3 });
      await test.clock.advance(50);

      const { body: received } = await test.sdk.receiveMessage('q');
      const second = test.sdk.receiveMessage('q');

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
      await test.sdk.deleteMessage('q', received.ReceiptHandle!);
      await test.clock.advance(31_000);
      await expect(test.sdk.receiveMessage('q')).rejects.toMatchObject({ name: 'MNSMessageNotExistError' });
    });

    it('makes the old receipt handle useless when visibility changes', async () => {
      await test.sdk.sendMessage('q', { MessageBody: 'm' });
      const { body: received } = await test.sdk.receiveMessage('q');

      const changed = await test.sdk.changeMessageVisibility('q', received.ReceiptHandle!, 100);

      expect(changed.body.NextVisibleTime).toBe(String(test.clock.now() + 100_000));
      await expect(test.sdk.deleteMessage('q', received.ReceiptHandle!)).rejects.toMatchObject({
        name: 'MNSMessageNotExistError',
      });
      await expect(test.sdk.deleteMessage('q', changed.body.ReceiptHandle!)).resolves.toMatchObject({
        code: 204,
      });
    });

    it('delivers again when the visibility timeout is over, and the late handle is useless', async () => {
      await test.sdk.sendMessage('q', { MessageBody: 'm' });
      const { body: first } = await test.sdk.receiveMessage('q');
      await test.clock.advance(30_000);

      const { body: second } = await test.sdk.receiveMessage('q');

      expect(second).toMatchObject({
        MessageId: first.MessageId,
        DequeueCount: '2',
        FirstDequeueTime: first.FirstDequeueTime,
      });
      await expect(test.sdk.deleteMessage('q', first.ReceiptHandle!)).rejects.toMatchObject({
        name: 'MNSMessageNotExistError',
      });
    });

    it('tells a malformed receipt handle from a stale one', async () => {
      await expect(test.sdk.deleteMessage('q', 'nonsense')).rejects.toMatchObject({
        name: 'MNSReceiptHandleErrorError',
      });
    });

    it('hides a delayed message, and counts every state', async () => {
      await test.sdk.sendMessage('q', { MessageBody: 'delayed', DelaySeconds: 10 });
      await test.sdk.sendMessage('q', { MessageBody: 'received' });
      await test.sdk.sendMessage('q', { MessageBody: 'active' });
      await test.sdk.receiveMessage('q');

      const before = await test.sdk.getQueueAttributes('q');
      await test.clock.advance(10_000);
      const after = await test.sdk.getQueueAttributes('q');

      expect(before.body).toMatchObject({ ActiveMessages: '1', InactiveMessages: '1', DelayMessages: '1' });
      expect(after.body).toMatchObject({ ActiveMessages: '2', InactiveMessages: '1', DelayMessages: '0' });
    });

    it('lets the sender of a delayed message move its time or take it back', async () => {
      const { body: sooner } = await test.sdk.sendMessage('q', { MessageBody: 'sooner', DelaySeconds: 100 });
      const { body: never } = await test.sdk.sendMessage('q', { MessageBody: 'never', DelaySeconds: 100 });
      const { body: direct } = await test.sdk.sendMessage('q', { MessageBody: 'direct' });

      await test.sdk.changeMessageVisibility('q', sooner.ReceiptHandle!, 5);
      await test.sdk.deleteMessage('q', never.ReceiptHandle!);

      expect(direct).not.toHaveProperty('ReceiptHandle');
      await test.clock.advance(5000);
      const { body } = await test.sdk.batchReceiveMessage('q', 16);
      expect(body.map((message) => message.MessageBody)).toEqual(['sooner', 'direct']);
      expect(body[0]).toMatchObject({ DequeueCount: '1', FirstDequeueTime: String(test.clock.now()) });
    });

    it('drops messages older than the retention, whatever their state', async () => {
      await test.sdk.setQueueAttributes('q', { MessageRetentionPeriod: 60 });
      await test.sdk.sendMessage('q', { MessageBody: 'received' });
      await test.sdk.sendMessage('q', { MessageBody: 'active' });
      const { body: received } = await test.sdk.receiveMessage('q');
      await test.sdk.changeMessageVisibility('q', received.ReceiptHandle!, 600);

      await test.clock.advance(60_000);

      const { body } = await test.sdk.getQueueAttributes('q');
      expect(body).toMatchObject({ ActiveMessages: '0', InactiveMessages: '0', DelayMessages: '0' });
    });

    it('receives by priority, then by age', async () => {
      await test.sdk.batchSendMessage('q', [
        { MessageBody: 'low', Priority: 16 },
        { MessageBody: 'usual' },
        { MessageBody: 'urgent', Priority: 1 },
        { MessageBody: 'usual, later' },
      ]);

      const { body } = await test.sdk.batchReceiveMessage('q', 16);

      expect(body.map((message) => message.MessageBody)).toEqual(['urgent', 'usual', 'usual, later', 'low']);
    });

    it('peeks without hiding', async () => {
      await test.sdk.sendMessage('q', { MessageBody: 'm' });

      const { body: peeked } = await test.sdk.peekMessage('q');
      const { body: batch } = await test.sdk.batchPeekMessage('q', 16);

      expect(peeked).toMatchObject({ MessageBody: 'm', DequeueCount: '0' });
      expect(peeked).not.toHaveProperty('ReceiptHandle');
      expect(peeked).not.toHaveProperty('NextVisibleTime');
      expect(batch).toHaveLength(1);
    });

    it('deletes what it can of a batch and names the rest', async () => {
      await test.sdk.batchSendMessage('q', [{ MessageBody: 'a' }, { MessageBody: 'b' }]);
      const { body: received } = await test.sdk.batchReceiveMessage('q', 2);
      const [a, b] = received.map((message) => message.ReceiptHandle!);
      await test.sdk.deleteMessage('q', a!);

      const { code, body: failures } = await test.sdk.batchDeleteMessage('q', [a!, b!]);

      expect(code).toBe(404);
      expect(failures).toEqual([
        { ErrorCode: 'MessageNotExist', ErrorMessage: 'Message not exist.', ReceiptHandle: a },
      ]);
      expect((await test.sdk.getQueueAttributes('q')).body.InactiveMessages).toBe('0');
    });

    it('sends what it can of a batch and names the rest in its place', async () => {
      const { code, body } = await test.sdk.batchSendMessage('q', [
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
      expect((await test.sdk.batchReceiveMessage('q', 16)).body).toHaveLength(2);
    });

    it('answers a long poll as soon as a message comes', async () => {
      const polling = test.sdk.receiveMessage('q', 20);
      await until(() => test.clock.pending() === 1);

      await test.sdk.sendMessage('q', { MessageBody: 'm' });

      expect((await polling).body.MessageBody).toBe('m');
      expect(test.clock.pending()).toBe(0);
    });

    it('answers a long poll when a delay ends, and when a visibility timeout ends', async () => {
      await test.sdk.sendMessage('q', { MessageBody: 'm', DelaySeconds: 5 });

      const first = test.sdk.receiveMessage('q', 20);
      await until(() => test.clock.pending() === 2);
      await test.clock.advance(5000);
      const { body: afterDelay } = await first;
      await test.sdk.changeMessageVisibility('q', afterDelay.ReceiptHandle!, 7);
      const second = test.sdk.receiveMessage('q', 20);
      await until(() => test.clock.pending() === 2);
      await test.clock.advance(7000);
      const { body: afterTimeout } = await second;

      expect([afterDelay.DequeueCount, afterTimeout.DequeueCount]).toEqual(['1', '2']);
      expect(afterTimeout.FirstDequeueTime).toBe(String(test.clock.now() - 7000));
    });

    it('answers a long poll with nothing when its time is over', async () => {
      const polling = expect(test.sdk.receiveMessage('q', 20)).rejects.toMatchObject({
        name: 'MNSMessageNotExistError',
      });
      await until(() => test.clock.pending() === 1);

      await test.clock.advance(20_000);

      await polling;
    });
  });

  describe('topics', () => {
    it('creates, lists, shows and changes', async () => {
      const created = await test.sdk.createTopic('t', { MaximumMessageSize: 2048 });
      const again = await test.sdk.createTopic('t', { MaximumMessageSize: 2048 });
      await test.sdk.setTopicAttributes('t', { MaximumMessageSize: 4096 });

      const { body } = await test.sdk.getTopicAttributes('t');
      const list = await test.sdk.listTopic();

      expect([created.code, again.code]).toEqual([201, 204]);
      expect(body).toMatchObject({
        TopicName: 't',
        MessageCount: '0',
        MaximumMessageSize: '4096',
        MessageRetentionPeriod: '86400',
        LoggingEnabled: 'False',
      });
      expect(list.body).toEqual([{ TopicName: 't', TopicURL: `${test.url}/topics/t` }]);
    });

    it('publishes', async () => {
      await test.sdk.createTopic('t');

      const { code, body } = await test.sdk.publishMessage('t', { MessageBody: 'm' });

      expect(code).toBe(201);
      expect(body).toMatchObject({ MessageBodyMD5: upperMd5('m') });
    });
  });
});

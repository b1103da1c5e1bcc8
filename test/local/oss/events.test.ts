import type AliOss from 'ali-oss';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ObjectChange } from '../../../local/events/object-change.ts';
import { ACCOUNT, failureOf, headersOf, openBucket, startOss, type TestOss, untyped } from './support.ts';

describe('changes of objects', () => {
  let oss: TestOss;
  let client: AliOss;
  let bucket: string;

  beforeAll(async () => {
    oss = await startOss();
  });
  beforeEach(async () => {
    ({ client, bucket } = await openBucket(oss));
    oss.changes.length = 0;
  });
  afterAll(() => oss.close());

  const reported = () =>
    oss.changes.map(({ eventName, key, size, deltaSize }) => ({ eventName, key, size, deltaSize }));

  test('a change names the operation, its sender and the object', async () => {
    const put = await client.put('a', Buffer.from('hello'));

    expect(oss.changes).toEqual([
      {
        eventName: 'ObjectCreated:PutObject',
        time: expect.any(Number),
        requestId: headersOf(put)['x-oss-request-id'],
        sourceIp: '127.0.0.1',
        requesterId: ACCOUNT.accountId,
        ownerId: ACCOUNT.accountId,
        bucket,
        key: 'a',
        size: 5,
        deltaSize: 5,
        etag: '5D41402ABC4B2A76B9719D911017C592',
        versionId: undefined,
        xVars: undefined,
      } satisfies Record<keyof ObjectChange | string, unknown>,
    ]);
  });

  test('a change has the number of bytes by which the object grew or shrank', async () => {
    await client.put('a', Buffer.from('hello'));
    await client.put('a', Buffer.from('hi'));
    await client.delete('a');

    expect(reported().map(({ size, deltaSize }) => [size, deltaSize])).toEqual([
      [5, 5],
      [2, -3],
      [0, -2],
    ]);
  });

  test('a change is named after its operation', async () => {
    await client.append('log', Buffer.from('a'));
    await client.append('log', Buffer.from('bc'), { position: '1' });
    await client.copy('copy', 'log');
    await client.putMeta('copy', { a: '1' } as never, {});
    await untyped(client).putSymlink!('link', 'copy');
    await client.deleteMulti(['log', 'copy', 'absent']);

    expect(reported()).toEqual([
      { eventName: 'ObjectCreated:AppendObject', key: 'log', size: 1, deltaSize: 1 },
      { eventName: 'ObjectCreated:AppendObject', key: 'log', size: 3, deltaSize: 2 },
      { eventName: 'ObjectCreated:CopyObject', key: 'copy', size: 3, deltaSize: 3 },
      { eventName: 'ObjectModified:UpdateObjectMeta', key: 'copy', size: 3, deltaSize: 0 },
      { eventName: 'ObjectCreated:PutSymlink', key: 'link', size: 0, deltaSize: 0 },
      { eventName: 'ObjectRemoved:DeleteObjects', key: 'log', size: 0, deltaSize: -3 },
      { eventName: 'ObjectRemoved:DeleteObjects', key: 'copy', size: 0, deltaSize: -3 },
    ]);
    expect(oss.changes.map(({ position }) => position).slice(0, 2)).toEqual([0, 1]);
  });

  test('a multipart upload reports changes from its start to its end', async () => {
    await client.multipartUpload('big', Buffer.alloc(150_000), { partSize: 102_400 });
    const { uploadId } = await client.initMultipartUpload('never');
    await client.abortMultipartUpload('never', uploadId);

    expect(reported().map(({ eventName }) => eventName)).toEqual([
      'ObjectCreated:InitiateMultipartUpload',
      'ObjectCreated:UploadPart',
      'ObjectCreated:UploadPart',
      'ObjectCreated:CompleteMultipartUpload',
      'ObjectCreated:InitiateMultipartUpload',
      'ObjectRemoved:AbortMultipartUpload',
    ]);
    expect(oss.changes[3]).toMatchObject({ size: 150_000, etag: expect.stringMatching(/^[0-9A-F]{32}-2$/) });
  });

  test('a download reports which bytes were read', async () => {
    await client.put('a', Buffer.from('0123456789'));
    oss.changes.length = 0;

    await client.get('a');
    await client.get('a', { headers: { Range: 'bytes=2-4' } });
    await client.head('a');

    expect(oss.changes.map(({ eventName, read, deltaSize }) => ({ eventName, read, deltaSize }))).toEqual([
      { eventName: 'ObjectDownloaded:GetObject', read: { from: 0, to: 10 }, deltaSize: 0 },
      { eventName: 'ObjectDownloaded:GetObject', read: { from: 2, to: 5 }, deltaSize: 0 },
    ]);
  });

  test('a change of a versioned object has its version id, and a delete marker reports none', async () => {
    await untyped(client).putBucketVersioning!(bucket, 'Enabled');
    const put = await client.put('a', Buffer.from('1'));
    const versionId = headersOf(put)['x-oss-version-id'];

    await client.delete('a');
    await untyped(client).delete!('a', { versionId });

    expect(oss.changes.map((change) => [change.eventName, change.versionId])).toEqual([
      ['ObjectCreated:PutObject', versionId],
      ['ObjectRemoved:DeleteObject', versionId],
    ]);
  });

  test('a failed operation reports no change', async () => {
    await failureOf(
      client.put('a', Buffer.from('x'), { headers: { 'Content-MD5': Buffer.alloc(16).toString('base64') } }),
    );
    await failureOf(client.get('absent'));
    await client.delete('absent');

    expect(oss.changes).toEqual([]);
  });
});

describe('events in answers', () => {
  test('the answer to an operation is sent after its event is published, and says so', async () => {
    const order: string[] = [];
    const oss = await startOss({
      events: {
        async emit({ eventName }) {
          await new Promise((resolve) => setImmediate(resolve));
          order.push(eventName);
          return 'published';
        },
      },
    });
    const { client } = await openBucket(oss);

    const put = await client.put('a', Buffer.from('x'));
    order.push('answered');

    const decode = (name: string) => JSON.parse(Buffer.from(headersOf(put)[name]!, 'base64').toString());
    expect(order).toEqual(['ObjectCreated:PutObject', 'answered']);
    expect(decode('x-oss-event-status')).toEqual({ Result: 'Ok' });
    expect(decode('x-oss-process-status')).toEqual({
      code: 'Success',
      message: 'NotificationSucceed',
      type: 'EventNotification',
      version: '1.0',
    });
    await oss.close();
  });

  test('an operation succeeds even if its event cannot be published', async () => {
    const oss = await startOss({ events: { emit: async () => 'failed' } });
    const { client } = await openBucket(oss);

    const put = await client.put('a', Buffer.from('x'));

    expect(JSON.parse(Buffer.from(headersOf(put)['x-oss-event-status']!, 'base64').toString())).toEqual({
      Result: 'Fail',
    });
    await oss.close();
  });
});

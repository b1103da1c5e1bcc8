import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type AliOss from 'ali-oss';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { crc64 } from '../../../local/oss/crc64.ts';
import { failureOf, headersOf, openBucket, startOss, type TestOss, untyped } from './support.ts';

const ODD_KEYS = [
  'a b',
  '...',
  'dir/',
  'a//b',
  '100%',
  '%2e%2e%2f',
  'a+b&c=d?e#f',
  '\u00e9\u4e2d\u6587',
  '\u{1f600}\u{10ffff}',
  'line\nbreak\ttab',
  '<&>"\'',
  '\u0001\u0007',
  'con',
  'nul.txt',
  "it's (1)*!",
  'k'.repeat(1023),
];

describe.each([{ v4: false }, { v4: true }])('objects through ali-oss, V4 $v4', ({ v4 }) => {
  let oss: TestOss;
  let client: AliOss;

  beforeAll(async () => {
    oss = await startOss();
  });
  beforeEach(async () => {
    ({ client } = await openBucket(oss, { v4 }));
  });
  afterAll(() => oss.close());

  test('an object is returned as it was put', async () => {
    const body = Buffer.from('hello');
    const md5 = createHash('md5').update(body).digest();

    const put = await client.put('a.txt', body, {
      mime: 'text/x-test',
      headers: { 'Cache-Control': 'no-store' },
    });
    const got = await client.get('a.txt');

    expect(got.content).toEqual(body);
    expect(headersOf(put)).toMatchObject({
      etag: `"${md5.toString('hex').toUpperCase()}"`,
      'content-md5': md5.toString('base64'),
      'x-oss-hash-crc64ecma': String(crc64(body)),
    });
    expect(headersOf(put)['x-oss-request-id']).toMatch(/^[0-9A-F]{24}$/);
    expect(headersOf(got)).toMatchObject({
      etag: headersOf(put).etag,
      'content-type': 'text/x-test',
      'content-length': '5',
      'cache-control': 'no-store',
      'accept-ranges': 'bytes',
      'x-oss-object-type': 'Normal',
      'x-oss-storage-class': 'Standard',
    });
  });

  test.each(ODD_KEYS)('the key %j is stored and listed', async (key) => {
    await client.put(key, Buffer.from(key));

    const got = await client.get(key);
    const listed = await client.list({ 'max-keys': 10 }, {});
    await client.delete(key);
    const emptied = await client.list({ 'max-keys': 10 }, {});

    expect(got.content.toString()).toBe(key);
    expect(listed.objects.map(({ name }) => name)).toEqual([key]);
    expect(emptied.objects).toEqual([]);
  });

  test('a stream that announces both a length and chunks is stored', async () => {
    const body = Buffer.alloc(300_000, 'x');

    await client.put('stream', Readable.from([body.subarray(0, 7), body.subarray(7)]), {
      headers: { 'Content-Length': body.length },
    });

    expect(body.equals((await client.get('stream')).content)).toBe(true);
  });

  test('user metadata may be in any script', async () => {
    const { client: latin } = await openBucket(oss, { v4, headerEncoding: 'latin1' });

    await latin.put('a', Buffer.from('x'), { meta: { uid: 1, name: '\u738b\u4e94' } as never });

    // ali-oss gives the bytes of headers as Latin-1 characters.
    const name = Buffer.from('\u738b\u4e94').toString('latin1');
    expect((await latin.head('a')).meta).toEqual({ uid: '1', name });
  });

  test('an object may have no bytes', async () => {
    const put = await client.put('empty', Buffer.alloc(0));

    expect((await client.get('empty')).content).toHaveLength(0);
    expect(headersOf(put)).toMatchObject({
      etag: '"D41D8CD98F00B204E9800998ECF8427E"',
      'x-oss-hash-crc64ecma': '0',
    });
  });

  test('a missing bucket or key has its own error', async () => {
    const get = await failureOf(client.get('nothing'));
    const head = await failureOf(client.head('nothing'));
    client.useBucket('no-such-bucket');
    const bucket = await failureOf(client.get('nothing'));

    expect(get).toMatchObject({
      code: 'NoSuchKey',
      status: 404,
      message: 'The specified key does not exist.',
      ecCode: '0026-00000001',
    });
    expect(head).toMatchObject({ code: 'NoSuchKey', status: 404 });
    expect(bucket).toMatchObject({ code: 'NoSuchBucket', ecCode: '0015-00000101' });
  });

  test('an overwrite is refused on request', async () => {
    const headers = { 'x-oss-forbid-overwrite': 'true' };
    await client.put('once', Buffer.from('first'), { headers: { ...headers } });

    const error = await failureOf(client.put('once', Buffer.from('second'), { headers: { ...headers } }));

    expect(error).toMatchObject({ code: 'FileAlreadyExists', status: 409 });
    expect((await client.get('once')).content.toString()).toBe('first');
  });

  test('one of many writers that forbid overwriting succeeds', async () => {
    const writers = Array.from({ length: 8 }, (_, index) =>
      client.put('race', Buffer.from(String(index)), { headers: { 'x-oss-forbid-overwrite': 'true' } }).then(
        () => index,
        () => undefined,
      ),
    );

    const winners = (await Promise.all(writers)).filter((index) => index !== undefined);

    expect(winners).toHaveLength(1);
    expect((await client.get('race')).content.toString()).toBe(String(winners[0]));
  });

  test('concurrent writes of one key end in one complete object', async () => {
    const bodies = Array.from({ length: 8 }, (_, index) => Buffer.alloc(200_000, String(index)));
    await Promise.all(bodies.map((body) => client.put('same', body)));

    const { content } = await client.get('same');

    expect(bodies.some((body) => body.equals(content))).toBe(true);
  });

  test('an upload with a wrong digest stores nothing', async () => {
    const error = await failureOf(
      client.put('a', Buffer.from('hello'), {
        headers: { 'Content-MD5': Buffer.alloc(16).toString('base64') },
      }),
    );

    expect(error).toMatchObject({ code: 'InvalidDigest', status: 400 });
    expect(await failureOf(client.head('a'))).toMatchObject({ code: 'NoSuchKey' });
  });

  test('a condition on a write is refused', async () => {
    const error = await failureOf(client.put('a', Buffer.from(''), { headers: { 'If-None-Match': '*' } }));

    expect(error).toMatchObject({ code: 'NotImplemented' });
  });

  test('a signed URL can replace headers of the answer', async () => {
    await client.put('a.txt', Buffer.from('hello'));
    const url = client.signatureUrl('a.txt', { response: { 'content-type': 'text/x-other' } });

    const response = await fetch(url);

    expect(response.headers.get('content-type')).toBe('text/x-other');
    expect(await response.text()).toBe('hello');
  });

  test('an object is copied with its metadata or with new metadata', async () => {
    await client.put('source', Buffer.from('hello'), { meta: { uid: 1 } as never });

    await client.copy('copy.txt', 'source');
    await client.copy('changed', 'source', { meta: { uid: 2 } as never });

    expect((await client.get('copy.txt')).content.toString()).toBe('hello');
    expect((await client.head('copy.txt')).meta).toEqual({ uid: '1' });
    expect((await client.head('changed')).meta).toEqual({ uid: '2' });
  });

  test('a copy onto itself replaces the metadata', async () => {
    await client.put('a', Buffer.from('hello'), { meta: { uid: 1 } as never });

    await client.putMeta('a', { pid: 2 } as never, {});

    expect((await client.head('a')).meta).toEqual({ pid: '2' });
  });

  test('a copy follows its conditions', async () => {
    const { res } = await client.put('source', Buffer.from('hello'));
    const { etag } = headersOf({ res });

    const unmatched = await failureOf(client.copy('copy', 'source', { headers: { 'If-Match': 'x' } }));
    const unchanged = await client.copy('copy', 'source', { headers: { 'If-None-Match': etag } });

    expect(unmatched.message).toBe(
      'At least one of the pre-conditions you specified did not hold. (condition: If-Match)',
    );
    expect((unchanged.res as { status: number }).status).toBe(304);
  });

  test('many objects are deleted at once, and the answer names them', async () => {
    await Promise.all(['a&b', 'c<d', 'e'].map((key) => client.put(key, Buffer.from(''))));

    const { deleted } = await client.deleteMulti(['a&b', 'c<d', 'absent']);
    const quiet = await client.deleteMulti(['e'], { quiet: true });

    expect(deleted).toEqual([{ Key: 'a&b' }, { Key: 'c<d' }, { Key: 'absent' }]);
    expect(quiet.deleted).toEqual([]);
    expect((await client.list({ 'max-keys': 10 }, {})).objects).toEqual([]);
  });

  test('deleting an object that does not exist succeeds', async () => {
    const { res } = await client.delete('absent');

    expect((res as { status: number }).status).toBe(204);
  });

  test('an append succeeds only at the end of the object', async () => {
    const first = await client.append('log', Buffer.from('foo'));
    const second = await client.append('log', Buffer.from('bar'), { position: first.nextAppendPosition });

    const error = await failureOf(client.append('log', Buffer.from('baz'), { position: '0' }));

    expect(second.nextAppendPosition).toBe('6');
    expect(headersOf(second)['x-oss-hash-crc64ecma']).toBe(String(crc64(Buffer.from('foobar'))));
    expect(error).toMatchObject({
      code: 'PositionNotEqualToLength',
      message: 'Position is not equal to file length',
    });
    const got = await client.get('log');
    expect(got.content.toString()).toBe('foobar');
    expect(headersOf(got)).toMatchObject({
      'x-oss-object-type': 'Appendable',
      'x-oss-next-append-position': '6',
    });
  });

  test('an object of another type cannot be appended to', async () => {
    await client.put('plain', Buffer.from('foo'));

    const error = await failureOf(client.append('plain', Buffer.from('bar'), { position: '3' }));

    expect(error).toMatchObject({ code: 'ObjectNotAppendable', status: 409 });
  });

  test('a symbolic link is followed', async () => {
    await client.put('target', Buffer.from('hello'));
    const calls = untyped(client);
    await calls.putSymlink!('link', 'target', { meta: { uid: '1' }, storageClass: 'IA' });

    const got = await client.get('link');
    const link = await calls.getSymlink!('link');

    expect(got.content.toString()).toBe('hello');
    expect(headersOf(got)).toMatchObject({ 'x-oss-object-type': 'Symlink', 'x-oss-meta-uid': '1' });
    expect(link.targetName).toBe('target');
  });

  test('a broken symbolic link has an error that says why', async () => {
    const calls = untyped(client);
    await calls.putSymlink!('dangling', 'absent');
    await calls.putSymlink!('twice', 'dangling');

    expect(await failureOf(client.get('dangling'))).toMatchObject({
      code: 'SymlinkTargetNotExist',
      status: 404,
    });
    expect(await failureOf(client.head('twice'))).toMatchObject({ code: 'InvalidTargetType', status: 400 });
  });

  test('tags of an object are stored and returned', async () => {
    const calls = untyped(client);
    const put = await client.put('a', Buffer.from(''), { headers: { 'x-oss-tagging': 'k=1%202&l=' } });
    expect(headersOf(put).etag).toMatch(/^"/);

    const fromPut = await calls.getObjectTagging!('a');
    await calls.putObjectTagging!('a', { b: '2' });
    const replaced = await calls.getObjectTagging!('a');
    const head = await untyped(client).head!('a');
    await calls.deleteObjectTagging!('a');
    const removed = await calls.getObjectTagging!('a');

    expect(fromPut.tag).toEqual({ k: '1 2', l: '' });
    expect(replaced.tag).toEqual({ b: '2' });
    expect(headersOf(head as { res: unknown })['x-oss-tagging-count']).toBe('1');
    expect(removed.tag).toEqual({});
  });

  test('the access control list of an object is stored and returned', async () => {
    await client.put('a', Buffer.from(''));

    const before = await client.getACL('a');
    await client.putACL('a', 'public-read');
    const after = await client.getACL('a');

    expect([before.acl, after.acl]).toEqual(['default', 'public-read']);
  });

  test('only an archived object can be restored', async () => {
    await client.put('frozen', Buffer.from('x'), { headers: { 'x-oss-storage-class': 'Archive' } });
    await client.put('warm', Buffer.from('x'));

    const unreadable = await failureOf(client.get('frozen'));
    const restored = await client.restore('frozen');
    const again = await failureOf(client.restore('frozen'));
    const wrong = await failureOf(client.restore('frozen', { type: 'ColdArchive' } as never));
    const needless = await failureOf(client.restore('warm'));

    expect(unreadable).toMatchObject({ code: 'InvalidObjectState', status: 403 });
    expect((restored as unknown as { res: { status: number } }).res.status).toBe(202);
    expect(again.code).toBe('RestoreAlreadyInProgress');
    expect(wrong.code).toBe('MalformedXML');
    expect(needless.code).toBe('OperationNotSupported');
  });

  test('GetObjectMeta returns only its own headers', async () => {
    await client.put('a', Buffer.from('hello'), { meta: { uid: 1 } as never });

    const { res } = await untyped(client).getObjectMeta!('a');

    const headers = (res as { headers: Record<string, string> }).headers;
    expect(headers['content-length']).toBe('5');
    expect(headers).not.toHaveProperty('x-oss-meta-uid');
  });
});

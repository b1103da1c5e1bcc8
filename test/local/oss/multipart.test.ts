import { createHash } from 'node:crypto';
import type AliOss from 'ali-oss';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { multipartEtag } from '../../../local/oss/operations/write-object.ts';
import { crc64 } from '../../support/crc64.ts';
import {
  failureOf,
  headersOf,
  openBucket,
  presignedPath,
  startOss,
  type TestOss,
  untyped,
} from './support.ts';

const PART = 100 * 1024;

function bytes(length: number): Buffer {
  const chunks: Buffer[] = [];
  for (let index = 0; index * 32 < length; index++) {
    chunks.push(createHash('sha256').update(String(index)).digest());
  }
  return Buffer.concat(chunks).subarray(0, length);
}

describe('multipartEtag', () => {
  test('the ETag of a multipart upload equals that of a captured upload', () => {
    const etag = multipartEtag(['4DE8075FB607DF4D13FBC480EA488EFA', 'AF947EC157726CEA88ED83B3C989063B']);

    expect(etag).toBe('1C787C506EABFB9B45EAAA8DB039F4B2-2');
  });
});

describe('multipart uploads', () => {
  let oss: TestOss;
  let client: AliOss;
  let bucket: string;

  beforeAll(async () => {
    oss = await startOss();
  });
  beforeEach(async () => {
    ({ client, bucket } = await openBucket(oss));
  });
  afterAll(() => oss.close());

  const upload = (id: string, number: number, body: Buffer, key = 'big') =>
    oss.send({
      method: 'PUT',
      path: presignedPath({
        method: 'PUT',
        bucket,
        key,
        query: [
          ['partNumber', String(number)],
          ['uploadId', id],
        ],
      }),
      headers: { 'content-length': String(body.length) },
      body,
    });
  const initiate = async (key = 'big', options = {}) =>
    (await client.initMultipartUpload(key, options)).uploadId;
  const complete = (id: string, parts: { number: number; etag: string }[]) =>
    client.completeMultipartUpload('big', id, parts);

  test('parts that were uploaded in any order become one object', async () => {
    const body = bytes(2 * PART + 5);
    const id = await initiate('big', { meta: { uid: 1 }, mime: 'image/png' });

    const third = await upload(id, 3, body.subarray(2 * PART));
    const first = await upload(id, 1, body.subarray(0, PART));
    const second = await upload(id, 2, body.subarray(PART, 2 * PART));
    const done = await complete(
      id,
      [first, second, third].map(({ headers }, index) => ({ number: index + 1, etag: headers.etag! })),
    );

    const got = await client.get('big');
    expect(body.equals(got.content)).toBe(true);
    expect(headersOf(got)).toMatchObject({
      etag: (done as unknown as { etag: string }).etag,
      'content-type': 'image/png',
      'x-oss-object-type': 'Multipart',
      'x-oss-hash-crc64ecma': String(crc64(body)),
      'x-oss-meta-uid': '1',
    });
    expect(headersOf(got).etag).toMatch(/^"[0-9A-F]{32}-3"$/);
    expect(headersOf(got)).not.toHaveProperty('content-md5');
  });

  test('a range is read across the borders of parts', async () => {
    const body = bytes(2 * PART);
    await client.multipartUpload('big', body, { partSize: PART });

    const { content } = await client.get('big', { headers: { Range: `bytes=${PART - 3}-${PART + 2}` } });

    expect(content).toEqual(body.subarray(PART - 3, PART + 3));
  });

  test('the last upload of a part number counts', async () => {
    const id = await initiate();
    await upload(id, 1, Buffer.from('old'));
    const { headers } = await upload(id, 1, Buffer.from('new'));

    await complete(id, [{ number: 1, etag: headers.etag! }]);

    expect((await client.get('big')).content.toString()).toBe('new');
  });

  test('an upload can be completed with all its parts', async () => {
    const id = await initiate();
    await upload(id, 2, Buffer.from('b'));
    await upload(id, 1, Buffer.alloc(PART, 'a'));
    const headers = { 'x-oss-complete-all': 'yes' };

    const response = await oss.send({
      method: 'POST',
      path: presignedPath({ method: 'POST', bucket, key: 'big', query: [['uploadId', id]], headers }),
      headers,
    });

    expect(response.status).toBe(200);
    expect((await client.get('big')).content).toHaveLength(PART + 1);
  });

  test('parts can be copied from other objects', async () => {
    const body = bytes(PART + 10);
    await client.put('source', body);
    const id = await initiate();
    const source = { sourceKey: 'source', sourceBucketName: bucket };

    const first = await client.uploadPartCopy('big', id, 1, `0-${PART - 1}`, source, {});
    const second = await client.uploadPartCopy('big', id, 2, `${PART}-${PART + 9}`, source, {});
    await complete(
      id,
      [first, second].map((part, index) => ({ number: index + 1, etag: headersOf(part).etag! })),
    );

    expect(body.equals((await client.get('big')).content)).toBe(true);
  });

  test.each([
    ['a part that is absent', [{ number: 9, etag: 'x' }], 'InvalidPart'],
    ['another ETag', [{ number: 1, etag: 'x' }], 'InvalidPart'],
  ])('an upload cannot be completed with %s, and can be completed afterwards', async (_, parts, code) => {
    const id = await initiate();
    const { headers } = await upload(id, 1, Buffer.from('a'));

    const error = await failureOf(complete(id, parts));
    await complete(id, [{ number: 1, etag: headers.etag! }]);

    expect(error).toMatchObject({ code, status: 400 });
    expect((await client.get('big')).content.toString()).toBe('a');
  });

  test('an upload that is completed without a part becomes an empty object', async () => {
    const id = await initiate();

    await complete(id, []);

    expect((await client.get('big')).content.toString()).toBe('');
  });

  test('an upload cannot be completed with parts that are out of order or too small', async () => {
    const id = await initiate();
    const tags = [await upload(id, 1, Buffer.from('a')), await upload(id, 2, Buffer.from('b'))].map(
      ({ headers }) => headers.etag,
    );
    const send = (order: number[]) =>
      oss.send({
        method: 'POST',
        path: presignedPath({ method: 'POST', bucket, key: 'big', query: [['uploadId', id]] }),
        body: `<CompleteMultipartUpload>${order
          .map((number) => `<Part><PartNumber>${number}</PartNumber><ETag>${tags[number - 1]}</ETag></Part>`)
          .join('')}</CompleteMultipartUpload>`,
      });

    const disordered = await send([2, 1]);
    const small = await send([1, 2]);

    expect(disordered.body.toString()).toContain('<Code>InvalidPartOrder</Code>');
    expect(small.body.toString()).toContain('<Code>EntityTooSmall</Code>');
  });

  test('an upload is completed once, even by two requests at the same time', async () => {
    const id = await initiate();
    const { headers } = await upload(id, 1, Buffer.from('a'));
    const attempt = () =>
      complete(id, [{ number: 1, etag: headers.etag! }]).then(
        () => 'done',
        (error: { code: string }) => error.code,
      );

    const outcomes = await Promise.all([attempt(), attempt()]);

    expect(outcomes.sort()).toEqual(['NoSuchUpload', 'done']);
  });

  test('an aborted upload has ended', async () => {
    const id = await initiate();
    await upload(id, 1, Buffer.from('a'));

    await client.abortMultipartUpload('big', id);
    const after = await upload(id, 2, Buffer.from('b'));

    expect(after.body.toString()).toContain('<Code>NoSuchUpload</Code>');
    expect(await failureOf(client.abortMultipartUpload('big', id))).toMatchObject({ code: 'NoSuchUpload' });
    expect(await failureOf(client.head('big'))).toMatchObject({ code: 'NoSuchKey' });
  });

  test('the parts of an upload are listed in pages', async () => {
    const id = await initiate();
    for (const number of [3, 1, 2]) await upload(id, number, Buffer.from(String(number)));

    const first = await client.listParts('big', id, { 'max-parts': 2 } as never, {});
    const rest = await client.listParts('big', id, { 'part-number-marker': 2 } as never, {});

    expect((first.parts as unknown as { PartNumber: string }[]).map((part) => part.PartNumber)).toEqual([
      '1',
      '2',
    ]);
    expect(first).toMatchObject({ isTruncated: 'true', nextPartNumberMarker: '2' });
    expect(rest).toMatchObject({ isTruncated: 'false', parts: { PartNumber: '3', Size: '1' } });
  });

  test('uploads are listed by key and id in pages', async () => {
    const ids = [await initiate('b'), await initiate('a'), await initiate('b')];
    const [, ofA] = ids;

    const seen: string[] = [];
    let marker = {};
    for (;;) {
      const page = await client.listUploads({ 'max-uploads': 1, ...marker } as never, {});
      seen.push(...page.uploads.map(({ uploadId }) => uploadId as string));
      if (!page.isTruncated) break;
      marker = { 'key-marker': page.nextKeyMarker, 'upload-id-marker': page.nextUploadIdMarker };
    }

    expect(seen).toEqual([ofA, ...[ids[0]!, ids[2]!].sort()]);
  });

  test('a bucket with an upload cannot be deleted', async () => {
    await initiate();

    const error = await failureOf(client.deleteBucket(bucket));

    expect(error).toMatchObject({ code: 'BucketNotEmpty', status: 409 });
  });

  test('a part number out of bounds is refused', async () => {
    const id = await initiate();

    const response = await upload(id, 10_001, Buffer.from('a'));

    expect(response.body.toString()).toContain('<Code>InvalidArgument</Code>');
  });

  test('the high-level calls of ali-oss upload and copy in parts', async () => {
    const body = bytes(3 * PART);
    await client.multipartUpload('big', body, { partSize: PART });

    await untyped(client).multipartUploadCopy!(
      'copy',
      { sourceKey: 'big', sourceBucketName: bucket },
      { partSize: PART },
    );

    expect(body.equals((await client.get('copy')).content)).toBe(true);
  });
});

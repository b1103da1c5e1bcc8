import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { failureOf, headersOf } from '../local/oss/support.ts';
import { tempDir } from '../support/temp-dir.ts';
import { type Scene, throughAliOss } from './ali-oss.ts';

const PART = 100 * 1024;
const md5 = (bytes: Uint8Array | string) => createHash('md5').update(bytes).digest('hex').toUpperCase();

interface Uploads {
  readonly uploads: { name: string; uploadId: string }[];
}

throughAliOss((check, scene) => {
  const initiate = async ({ client }: Scene, key: string) => (await client.initMultipartUpload(key)).uploadId;
  const file = async (bytes: Buffer) => {
    const path = join(await tempDir(), 'file');
    await writeFile(path, bytes);
    return path;
  };
  /** Uploads whole parts one after the other. */
  const upload = async ({ client }: Scene, key: string, uploadId: string, bytes: Buffer) => {
    const path = await file(bytes);
    const parts: { number: number; etag: string }[] = [];
    for (let start = 0, number = 1; start < bytes.length; start += PART, number++) {
      const end = Math.min(start + PART, bytes.length);
      const part = await client.uploadPart(key, uploadId, number, path, start, end);
      parts.push({ number, etag: (part as unknown as { etag: string }).etag });
    }
    return parts;
  };

  check('InitiateMultipartUpload', 'stores headers and metadata for the object', async () => {
    const { client } = scene();
    const options = { mime: 'text/x-test', meta: { uid: 1 } };
    const { uploadId } = await client.initMultipartUpload('a', options as never);
    const parts = await upload(scene(), 'a', uploadId, randomBytes(10));

    await client.completeMultipartUpload('a', uploadId, parts);

    const head = await client.head('a');
    expect(uploadId).toMatch(/^[0-9A-F]{32}$/i);
    expect(head.meta).toEqual({ uid: '1' });
    expect(headersOf(head)).toMatchObject({
      'content-type': 'text/x-test',
      'x-oss-object-type': 'Multipart',
    });
  });

  check('UploadPart', 'returns the MD5 of the part', async () => {
    const bytes = randomBytes(PART + 10);
    const uploadId = await initiate(scene(), 'a');

    const parts = await upload(scene(), 'a', uploadId, bytes);

    expect(parts).toEqual([
      { number: 1, etag: `"${md5(bytes.subarray(0, PART))}"` },
      { number: 2, etag: `"${md5(bytes.subarray(PART))}"` },
    ]);
  });

  check('UploadPart', 'refuses an upload that does not exist', async () => {
    const { client } = scene();
    const path = await file(randomBytes(10));

    const refusal = await failureOf(client.uploadPart('a', 'never-initiated', 1, path, 0, 10));

    expect(refusal).toMatchObject({ code: 'NoSuchUpload', status: 404 });
  });

  check('CompleteMultipartUpload', 'makes one object, whose ETag depends on its parts', async () => {
    const { client } = scene();
    const bytes = randomBytes(2 * PART + 10);
    const uploadId = await initiate(scene(), 'dir/é');
    const parts = await upload(scene(), 'dir/é', uploadId, bytes);

    const completed = await client.completeMultipartUpload('dir/é', uploadId, parts);

    const tags = parts.map(({ etag }) => etag.replaceAll('"', '')).join('');
    expect((completed as unknown as { etag: string }).etag).toBe(`"${md5(tags)}-3"`);
    expect((await client.get('dir/é')).content).toEqual(bytes);
  });

  check('CompleteMultipartUpload', 'refuses wrong and small parts', async () => {
    const { client } = scene();
    const wrongId = await initiate(scene(), 'wrong');
    await upload(scene(), 'wrong', wrongId, randomBytes(10));
    const smallId = await initiate(scene(), 'small');
    const path = await file(randomBytes(20));
    const small: { number: number; etag: string }[] = [];
    for (const number of [1, 2]) {
      const part = await client.uploadPart('small', smallId, number, path, 0, 10);
      small.push({ number, etag: (part as unknown as { etag: string }).etag });
    }

    const wrong = await failureOf(
      client.completeMultipartUpload('wrong', wrongId, [{ number: 1, etag: `"${md5('other')}"` }]),
    );
    const tooSmall = await failureOf(client.completeMultipartUpload('small', smallId, small));

    expect(wrong).toMatchObject({ code: 'InvalidPart', status: 400 });
    expect(tooSmall).toMatchObject({ code: 'EntityTooSmall', status: 400 });
  });

  check('CompleteMultipartUpload', 'completes a parallel upload of the SDK', async () => {
    const { client } = scene();
    const bytes = randomBytes(12 * PART + 7);

    const options = { partSize: PART, parallel: 4, meta: { uid: 1 } };
    const uploaded = await client.multipartUpload('a', await file(bytes), options as never);

    expect((uploaded as unknown as { etag: string }).etag).toMatch(/^"[0-9A-F]{32}-13"$/);
    expect((await client.get('a')).content).toEqual(bytes);
    expect((await client.head('a')).meta).toEqual({ uid: '1' });
  });

  check('UploadPart', 'continues from a checkpoint', async () => {
    const { client } = scene();
    const path = await file(randomBytes(5 * PART));
    let checkpoint: object | undefined;
    const stopped = client.multipartUpload('a', path, {
      partSize: PART,
      parallel: 1,
      async progress(share, point) {
        checkpoint = point;
        if (share > 0.5) throw new Error('stop');
      },
    });
    await expect(stopped).rejects.toThrow('stop');

    await client.multipartUpload('a', path, { checkpoint } as never);

    expect(headersOf(await client.head('a'))['content-length']).toBe(String(5 * PART));
  });

  check('AbortMultipartUpload', 'deletes the parts', async () => {
    const { client } = scene();
    const uploadId = await initiate(scene(), 'a');
    const parts = await upload(scene(), 'a', uploadId, randomBytes(10));

    await client.abortMultipartUpload('a', uploadId);

    const refusals = [
      await failureOf(client.completeMultipartUpload('a', uploadId, parts)),
      await failureOf(client.abortMultipartUpload('a', uploadId)),
    ];
    expect(refusals.map(({ code }) => code)).toEqual(['NoSuchUpload', 'NoSuchUpload']);
  });

  check('ListParts', 'lists in pages', async () => {
    const { client } = scene();
    const uploadId = await initiate(scene(), 'a');
    const parts = await upload(scene(), 'a', uploadId, randomBytes(2 * PART + 5));

    const first = await client.listParts('a', uploadId, { 'max-parts': 2 } as never, {});
    const rest = await client.listParts('a', uploadId, { 'part-number-marker': 2 } as never, {});

    const listed = [first.parts, rest.parts].flat() as unknown as Record<string, string>[];
    expect(first).toMatchObject({ isTruncated: 'true', nextPartNumberMarker: '2' });
    expect(listed.map(({ ETag }) => ETag)).toEqual(parts.map(({ etag }) => etag));
    expect(listed.map(({ Size }) => Size)).toEqual([String(PART), String(PART), '5']);
  });

  check('ListMultipartUploads', 'lists by prefix and in pages', async () => {
    const { client } = scene();
    const ids = [];
    for (const key of ['a/1', 'a/1', 'a/2', 'b']) ids.push(await initiate(scene(), key));
    const list = async (query: object) => (await client.listUploads(query, {})) as unknown as Uploads;

    const first = await list({ prefix: 'a/', 'max-uploads': 1 });
    const [one] = first.uploads;
    const rest = await list({ prefix: 'a/', 'key-marker': one!.name, 'upload-id-marker': one!.uploadId });

    const listed = [...first.uploads, ...rest.uploads];
    expect(listed.map(({ name }) => name)).toEqual(['a/1', 'a/1', 'a/2']);
    expect(listed.map(({ uploadId }) => uploadId).sort()).toEqual(ids.slice(0, 3).sort());
  });

  check('UploadPartCopy', 'copies a range of another object', async () => {
    const { client, bucket } = scene();
    const bytes = randomBytes(3 * PART);
    await client.put('source é', bytes);
    const uploadId = await initiate(scene(), 'a');
    const source = { sourceKey: 'source é', sourceBucketName: bucket };

    const part = await client.uploadPartCopy('a', uploadId, 1, `10-${PART + 9}`, source, {});
    const { etag } = part as unknown as { etag: string };
    await client.completeMultipartUpload('a', uploadId, [{ number: 1, etag }]);

    expect((await client.get('a')).content).toEqual(bytes.subarray(10, PART + 10));
  });

  check('UploadPartCopy', 'copies a large object', async () => {
    const { client, calls, bucket } = scene();
    const bytes = randomBytes(3 * PART + 3);
    await client.put('source', bytes);

    await calls.multipartUploadCopy!(
      'a',
      { sourceKey: 'source', sourceBucketName: bucket },
      { partSize: PART },
    );

    expect((await client.get('a')).content).toEqual(bytes);
  });
});

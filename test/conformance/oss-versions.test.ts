import { beforeEach, expect } from 'vitest';
import { failureOf, headersOf } from '../local/oss/support.ts';
import { throughAliOss } from './ali-oss.ts';

interface Listed {
  readonly name: string;
  readonly versionId: string;
  readonly isLatest: boolean;
}

throughAliOss((check, scene) => {
  beforeEach(() => scene().calls.putBucketVersioning!(scene().bucket, 'Enabled') as never);

  const put = async (key: string, text: string, options = {}) =>
    headersOf(await scene().client.put(key, Buffer.from(text), options))['x-oss-version-id']!;
  const read = async (key: string, versionId?: string) =>
    (await scene().client.get(key, (versionId ? { versionId } : {}) as never)).content.toString();

  check('ListObjectVersions', 'lists versions and delete markers, newest first, in pages', async () => {
    const { client, calls } = scene();
    const first = await put('a', '1');
    const second = await put('a', '2');
    await client.delete('a');

    const all = await calls.getBucketVersions!({});
    const page = await calls.getBucketVersions!({ maxKeys: 2 });

    expect((all.objects as unknown as Listed[]).map(({ versionId }) => versionId)).toEqual([second, first]);
    expect(all.deleteMarker).toMatchObject([{ name: 'a', versionId: expect.any(String) }]);
    expect(page).toMatchObject({ isTruncated: true, nextKeyMarker: 'a', nextVersionIdMarker: second });
  });

  check('PutObject', 'creates a version', async () => {
    const first = await put('a', '1');
    const second = await put('a', '2');

    expect(await read('a')).toBe('2');
    expect([await read('a', first), await read('a', second)]).toEqual(['1', '2']);
  });

  check('HeadObject', 'returns a version', async () => {
    const { client } = scene();
    const first = await put('a', '1');
    await put('a', '22');

    const head = await client.head('a', { versionId: first } as never);

    expect(headersOf(head)).toMatchObject({ 'x-oss-version-id': first, 'content-length': '1' });
  });

  check('GetObjectMeta', 'returns a version', async () => {
    const { calls } = scene();
    const first = await put('a', '1');
    await put('a', '22');

    const meta = await calls.getObjectMeta!('a', { versionId: first });

    expect(headersOf(meta as never)).toMatchObject({ 'x-oss-version-id': first, 'content-length': '1' });
  });

  check('DeleteObject', 'adds a delete marker, or deletes a version', async () => {
    const { client, calls } = scene();
    const version = await put('a', '1');

    const marked = headersOf((await client.delete('a')) as never);
    const hidden = await failureOf(client.get('a'));
    await calls.delete!('a', { versionId: marked['x-oss-version-id'] });
    const back = await read('a');
    await calls.delete!('a', { versionId: version });

    expect(marked['x-oss-delete-marker']).toBe('true');
    expect(hidden).toMatchObject({ code: 'NoSuchKey' });
    expect(back).toBe('1');
    expect(await failureOf(client.get('a', { versionId: version } as never))).toMatchObject({ status: 404 });
  });

  check('DeleteMultipleObjects', 'deletes versions and delete markers', async () => {
    const { client } = scene();
    const version = await put('a', '1');

    const marked = await client.deleteMulti(['a']);
    const [{ DeleteMarkerVersionId: marker }] = marked.deleted as unknown as [
      { DeleteMarkerVersionId: string },
    ];
    const ids = [version, marker].map((versionId) => ({ key: 'a', versionId }));
    await client.deleteMulti(ids as never);

    await client.deleteBucket(scene().bucket);
    expect(await failureOf(client.getBucketInfo(scene().bucket))).toMatchObject({ code: 'NoSuchBucket' });
  });

  check('CopyObject', 'restores an old version', async () => {
    const { client } = scene();
    const first = await put('a', '1');
    await put('a', '2');

    const copied = await client.copy('a', 'a', { versionId: first } as never);

    expect(headersOf(copied as never)['x-oss-copy-source-version-id']).toBe(first);
    expect(await read('a')).toBe('1');
  });

  check('PutObjectTagging', 'tags one version', async () => {
    const { calls } = scene();
    const first = await put('a', '1');
    await put('a', '2');

    await calls.putObjectTagging!('a', { old: 'yes' }, { versionId: first });

    expect((await calls.getObjectTagging!('a', { versionId: first })).tag).toEqual({ old: 'yes' });
    expect((await calls.getObjectTagging!('a')).tag).toEqual({});
  });

  check('PutObjectAcl', 'makes one version public', async () => {
    const { client } = scene();
    const first = await put('a', '1');
    await put('a', '2');

    await client.putACL('a', 'public-read', { versionId: first } as never);

    expect((await client.getACL('a', { versionId: first } as never)).acl).toBe('public-read');
    expect((await client.getACL('a')).acl).toBe('default');
  });

  check('PutSymlink', 'creates a version', async () => {
    const { client } = scene();
    await put('target', 'hello');

    const linked = await client.putSymlink('link', 'target', {} as never);

    const versionId = headersOf(linked as never)['x-oss-version-id']!;
    const link = await client.getSymlink('link', { versionId } as never);
    expect(link.targetName).toBe('target');
  });

  check('RestoreObject', 'restores one version', async () => {
    const { client } = scene();
    const version = await put('a', '1', { headers: { 'x-oss-storage-class': 'Archive' } });
    await put('a', '2');

    const restored = await client.restore('a', { versionId: version } as never);

    expect((restored as unknown as { res: { status: number } }).res.status).toBe(202);
  });

  check('UploadPartCopy', 'reads one version', async () => {
    const { client, bucket } = scene();
    const first = await put('source', 'first');
    await put('source', 'second');
    const { uploadId } = await client.initMultipartUpload('a');

    const source = { sourceKey: 'source', sourceBucketName: bucket };
    const part = await client.uploadPartCopy('a', uploadId, 1, '0-4', source, { versionId: first } as never);
    const { etag } = part as unknown as { etag: string };
    await client.completeMultipartUpload('a', uploadId, [{ number: 1, etag }]);

    expect(await read('a')).toBe('first');
  });

  check('CompleteMultipartUpload', 'creates a version', async () => {
    const { client } = scene();
    const first = await put('a', '1');

    const uploaded = await client.multipartUpload('a', Buffer.from('two') as never, { partSize: 102_400 });

    expect(headersOf(uploaded as never)['x-oss-version-id']).not.toBe(first);
    expect([await read('a', first), await read('a')]).toEqual(['1', 'two']);
  });
});

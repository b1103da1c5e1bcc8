import type AliOss from 'ali-oss';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { failureOf, headersOf, openBucket, startOss, type TestOss, untyped } from './support.ts';

interface Version {
  readonly name: string;
  readonly versionId: string;
  readonly isLatest: boolean;
}

describe.each([{ v4: false }, { v4: true }])('object versions, V4 $v4', ({ v4 }) => {
  let oss: TestOss;
  let client: AliOss;
  let bucket: string;
  let calls: ReturnType<typeof untyped>;

  beforeAll(async () => {
    oss = await startOss();
  });
  beforeEach(async () => {
    ({ client, bucket } = await openBucket(oss, { v4 }));
    calls = untyped(client);
    await calls.putBucketVersioning!(bucket, 'Enabled');
  });
  afterAll(() => oss.close());

  const put = async (key: string, text: string) =>
    headersOf(await client.put(key, Buffer.from(text)))['x-oss-version-id']!;
  const read = async (key: string, options = {}) => (await client.get(key, options)).content.toString();

  test('an overwrite keeps the old version', async () => {
    const first = await put('a', '1');
    const second = await put('a', '2');

    expect(second).not.toBe(first);
    expect(await read('a')).toBe('2');
    expect(await read('a', { versionId: first })).toBe('1');
  });

  test('a delete marker hides versions until it is deleted', async () => {
    const version = await put('a', '1');

    const deleted = await client.delete('a');
    const gone = await failureOf(client.get('a'));
    const marker = headersOf(deleted as never)['x-oss-version-id']!;
    const ofMarker = await failureOf(client.get('a', { versionId: marker } as never));
    await calls.delete!('a', { versionId: marker });

    expect(headersOf(deleted as never)['x-oss-delete-marker']).toBe('true');
    expect(gone).toMatchObject({ code: 'NoSuchKey', status: 404 });
    expect(ofMarker).toMatchObject({ code: 'MethodNotAllowed', status: 405 });
    expect(headersOf(await client.get('a'))['x-oss-version-id']).toBe(version);
  });

  test('a version that is deleted by id is lost', async () => {
    const version = await put('a', '1');

    const deleted = await calls.delete!('a', { versionId: version });

    expect(headersOf(deleted as never)['x-oss-version-id']).toBe(version);
    expect(await failureOf(client.get('a', { versionId: version } as never))).toMatchObject({
      code: 'NoSuchVersion',
    });
    await client.deleteBucket(bucket);
  });

  test('the version null is replaced while versioning is suspended', async () => {
    const kept = await put('a', '1');
    await calls.putBucketVersioning!(bucket, 'Suspended');

    const second = await put('a', '2');
    const third = await put('a', '3');
    const { objects } = await calls.getBucketVersions!({});

    expect([second, third]).toEqual(['null', 'null']);
    expect((objects as Version[]).map(({ versionId }) => versionId)).toEqual(['null', kept]);
    expect(await read('a', { versionId: 'null' })).toBe('3');
  });

  test('a version from before versioning has the id null', async () => {
    const { client: plain, bucket: name } = await openBucket(oss, { v4 });
    await plain.put('a', Buffer.from('1'));
    await untyped(plain).putBucketVersioning!(name, 'Enabled');
    await plain.put('a', Buffer.from('2'));

    const { content } = await plain.get('a', { versionId: 'null' } as never);

    expect(content.toString()).toBe('1');
  });

  test('versions are listed newest first, with delete markers, in pages', async () => {
    const first = await put('a', '1');
    const second = await put('a', '2');
    await client.delete('a');
    const other = await put('b', '1');

    const seen: string[] = [];
    let markers = 0;
    let marker = {};
    for (;;) {
      const page = await calls.getBucketVersions!({ maxKeys: 1, ...marker });
      seen.push(...(page.objects as Version[]).map(({ versionId }) => versionId));
      markers += (page.deleteMarker as unknown[]).length;
      if (!page.isTruncated) break;
      marker = { keyMarker: page.nextKeyMarker, versionIdMarker: page.nextVersionIdMarker };
    }

    expect(seen).toEqual([second, first, other]);
    expect(markers).toBe(1);
  });

  test('a version is copied by its id', async () => {
    const first = await put('a', '1');
    await put('a', '2');

    await client.copy('copy', 'a', { versionId: first } as never);

    expect(await read('copy')).toBe('1');
  });

  test('versions are deleted in batches', async () => {
    const version = await put('a', '1');

    const marked = await client.deleteMulti(['a']);
    const [{ DeleteMarkerVersionId: marker }] = marked.deleted as unknown as [
      { DeleteMarkerVersionId: string },
    ];
    const removed = await client.deleteMulti([
      { key: 'a', versionId: version },
      { key: 'a', versionId: marker },
    ] as never);

    expect(removed.deleted).toEqual([
      { Key: 'a', VersionId: version },
      { Key: 'a', VersionId: marker, DeleteMarker: 'true', DeleteMarkerVersionId: marker },
    ]);
    await client.deleteBucket(bucket);
  });

  test('a versioned object can be overwritten even if that is forbidden, because nothing is lost', async () => {
    await put('a', '1');

    await client.put('a', Buffer.from('2'), { headers: { 'x-oss-forbid-overwrite': 'true' } });

    expect(await read('a')).toBe('2');
  });

  test('a version has its own tags and access control list', async () => {
    const first = await put('a', '1');
    await put('a', '2');

    await calls.putObjectTagging!('a', { k: 'v' }, { versionId: first });
    await calls.putACL!('a', 'public-read', { versionId: first });

    expect((await calls.getObjectTagging!('a', { versionId: first })).tag).toEqual({ k: 'v' });
    expect((await calls.getObjectTagging!('a')).tag).toEqual({});
    expect((await calls.getACL!('a', { versionId: first })).acl).toBe('public-read');
    expect((await calls.getACL!('a')).acl).toBe('default');
  });

  test('a listing shows the restore state of versions', async () => {
    await client.put('cold', Buffer.from('x'), { headers: { 'x-oss-storage-class': 'Archive' } });
    await client.restore('cold');

    const { objects } = await calls.getBucketVersions!({});

    expect((objects as { restoreInfo: unknown }[])[0]!.restoreInfo).toEqual({ ongoingRequest: true });
  });
});

import { expect } from 'vitest';
import { failureOf } from '../local/oss/support.ts';
import { type Scene, throughAliOss } from './ali-oss.ts';

const ABSENT = { status: 404 };
/** A rule as the SDK gives it back: its numbers are text. */
const CORS = {
  allowedOrigin: '*',
  allowedMethod: 'GET',
  allowedHeader: 'x-oss-test',
  exposeHeader: 'ETag',
  maxAgeSeconds: '5',
};
const POLICY = {
  Version: '1',
  Statement: [
    { Action: ['oss:PutObject'], Effect: 'Deny', Principal: ['1234567890'], Resource: ['acs:oss:*:*:*'] },
  ],
};

throughAliOss((check, scene) => {
  check('ListBuckets', 'lists by prefix and with tags', async () => {
    const { client, calls, newBucket } = scene();
    const names = [`${newBucket()}-x-1`, `${newBucket()}-x-2`].sort();
    for (const name of names) await client.putBucket(name);
    await calls.putBucketTags!(names[0], { team: 'one' });

    const all = await client.listBuckets({ 'max-keys': 1000 } as never);
    const few = await client.listBuckets({ prefix: names[0]!, 'max-keys': 1 } as never);
    const tagged = await client.listBuckets({
      subres: { tagging: '"team":"one"' },
    } as never);

    const listed = (all as unknown as { buckets: { name: string; region: string }[] }).buckets;
    expect(listed.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
    expect(listed[0]).toMatchObject({ region: 'oss-cn-hangzhou' });
    expect(few).toMatchObject({ buckets: [{ name: names[0], tag: { team: 'one' } }] });
    expect(tagged).toMatchObject({ buckets: [{ name: names[0] }] });
  });

  check('PutBucket', 'creates a bucket once, and again for its owner', async () => {
    const { client, bucket } = scene();

    const again = await client.putBucket(bucket);
    const invalid = await failureOf(client.putBucket(`${bucket}-Upper_case`));

    expect(again).toMatchObject({ bucket, res: { status: 200 } });
    expect(invalid.message).toContain('bucket');
  });

  check('PutBucket', 'stores storage class, redundancy and ACL', async () => {
    const { client, newBucket } = scene();
    const name = newBucket();
    const options = { storageClass: 'IA', dataRedundancyType: 'ZRS', acl: 'public-read' };

    await client.putBucket(name, options as never);
    const other = await failureOf(client.putBucket(name, { storageClass: 'Archive' } as never));

    const { bucket } = await client.getBucketInfo(name);
    expect(bucket).toMatchObject({
      StorageClass: 'IA',
      DataRedundancyType: 'ZRS',
      AccessControlList: { Grant: 'public-read' },
    });
    expect(other).toMatchObject({ code: 'BucketAlreadyExists', status: 409 });
  });

  check('DeleteBucket', 'deletes only an empty bucket', async () => {
    const { client, bucket } = scene();
    await client.put('a', Buffer.from('a'));

    const full = await failureOf(client.deleteBucket(bucket));
    await client.delete('a');
    await client.deleteBucket(bucket);
    const gone = await failureOf(client.deleteBucket(bucket));

    expect(full).toMatchObject({ code: 'BucketNotEmpty', status: 409 });
    expect(gone).toMatchObject({ code: 'NoSuchBucket', status: 404 });
  });

  check('GetBucketInfo', 'describes the bucket', async () => {
    const { client, bucket: name } = scene();

    const { bucket } = await client.getBucketInfo(name);

    expect(bucket).toMatchObject({
      Name: name,
      Location: 'oss-cn-hangzhou',
      ExtranetEndpoint: 'oss-cn-hangzhou.aliyuncs.com',
      IntranetEndpoint: 'oss-cn-hangzhou-internal.aliyuncs.com',
      Owner: { ID: '1234567890123456' },
      AccessControlList: { Grant: 'private' },
      StorageClass: 'Standard',
    });
  });

  check('GetBucketLocation', 'names the region', async () => {
    const { client, bucket } = scene();

    const { location } = await client.getBucketLocation(bucket);

    expect(location).toBe('oss-cn-hangzhou');
  });

  check('GetBucketStat', 'counts objects and bytes', async () => {
    const { client, calls, bucket } = scene();
    await client.put('a', Buffer.from('four'));

    const { stat } = await calls.getBucketStat!(bucket);

    expect(stat).toMatchObject({ Storage: '4', ObjectCount: '1', MultipartUploadCount: '0' });
  });

  check('PutBucketAcl', 'makes a bucket public', async () => {
    const { client, cloud, bucket } = scene();
    await client.put('a', Buffer.from('open'));
    const read = () => fetch(`${cloud.oss.url}/${bucket}/a`);
    const before = (await read()).status;

    await client.putBucketACL(bucket, 'public-read');

    expect(before).toBe(403);
    expect(await (await read()).text()).toBe('open');
  });

  check('GetBucketAcl', 'returns the ACL that was set', async () => {
    const { client, bucket } = scene();

    const before = await client.getBucketACL(bucket);
    await client.putBucketACL(bucket, 'public-read-write');

    expect(before.acl).toBe('private');
    expect((await client.getBucketACL(bucket)).acl).toBe('public-read-write');
  });

  const versions = async ({ calls, bucket }: Scene) =>
    (await calls.getBucketVersioning!(bucket)).versionStatus;
  for (const operation of ['PutBucketVersioning', 'GetBucketVersioning']) {
    check(operation, 'works together with its counterpart', async () => {
      const { calls, bucket } = scene();
      const before = await versions(scene());

      await calls.putBucketVersioning!(bucket, 'Enabled');
      const enabled = await versions(scene());
      await calls.putBucketVersioning!(bucket, 'Suspended');

      expect([before, enabled, await versions(scene())]).toEqual([undefined, 'Enabled', 'Suspended']);
    });
  }

  /** Settings that are put, read and removed: what was put comes back, and after its removal what was there before. */
  const settings: readonly Setting[] = [
    {
      title: 'Cors',
      put: ({ client, bucket }) => client.putBucketCORS(bucket, [CORS] as never),
      get: async ({ client, bucket }) => (await client.getBucketCORS(bucket)).rules,
      remove: ({ client, bucket }) => client.deleteBucketCORS(bucket),
      expected: [CORS],
      absent: { ...ABSENT, code: 'NoSuchCORSConfiguration' },
    },
    {
      title: 'Referer',
      put: ({ client, bucket }) =>
        client.putBucketReferer(bucket, false, ['http://one.test', 'http://*.two.test']),
      get: async ({ client, bucket }) => {
        const { allowEmpty, referers } = await client.getBucketReferer(bucket);
        return { allowEmpty, referers };
      },
      remove: ({ client, bucket }) => client.deleteBucketReferer(bucket),
      expected: { allowEmpty: false, referers: ['http://one.test', 'http://*.two.test'] },
      before: { allowEmpty: true, referers: null },
    },
    {
      title: 'Policy',
      put: ({ calls, bucket }) => calls.putBucketPolicy!(bucket, POLICY),
      get: async ({ calls, bucket }) => (await calls.getBucketPolicy!(bucket)).policy,
      remove: ({ calls, bucket }) => calls.deleteBucketPolicy!(bucket),
      expected: POLICY,
      before: null,
    },
    {
      title: 'Lifecycle',
      put: ({ client, bucket }) =>
        client.putBucketLifecycle(bucket, [
          { id: 'old', prefix: 'logs/', status: 'Enabled', expiration: { days: 7 } },
        ] as never),
      get: async ({ client, bucket }) => (await client.getBucketLifecycle(bucket)).rules,
      remove: ({ client, bucket }) => client.deleteBucketLifecycle(bucket),
      expected: [{ id: 'old', prefix: 'logs/', status: 'Enabled', expiration: { days: '7' } }],
      absent: { ...ABSENT, code: 'NoSuchLifecycle' },
    },
    {
      title: 'Website',
      put: ({ client, bucket }) =>
        client.putBucketWebsite(bucket, { index: 'index.html', error: 'error.html' }),
      get: async ({ client, bucket }) => {
        const { index, error } = await client.getBucketWebsite(bucket);
        return { index, error };
      },
      remove: ({ client, bucket }) => client.deleteBucketWebsite(bucket),
      expected: { index: 'index.html', error: 'error.html' },
      absent: { ...ABSENT, code: 'NoSuchWebsiteConfiguration' },
    },
    {
      title: 'Logging',
      put: ({ client, bucket }) => client.putBucketLogging(bucket, 'logs/'),
      get: async ({ client, bucket }) => {
        const { enable, prefix } = await client.getBucketLogging(bucket);
        return { enable, prefix };
      },
      remove: ({ client, bucket }) => client.deleteBucketLogging(bucket),
      expected: { enable: true, prefix: 'logs/' },
      before: { enable: false, prefix: null },
    },
    {
      title: 'Encryption',
      put: ({ calls, bucket }) => calls.putBucketEncryption!(bucket, { SSEAlgorithm: 'AES256' }),
      get: async ({ calls, bucket }) => (await calls.getBucketEncryption!(bucket)).encryption,
      remove: ({ calls, bucket }) => calls.deleteBucketEncryption!(bucket),
      expected: { SSEAlgorithm: 'AES256' },
      absent: { ...ABSENT, code: 'NoSuchServerSideEncryptionRule' },
    },
    {
      title: 'RequestPayment',
      put: ({ calls, bucket }) => calls.putBucketRequestPayment!(bucket, 'Requester'),
      get: async ({ calls, bucket }) => (await calls.getBucketRequestPayment!(bucket)).payer,
      expected: 'Requester',
      before: 'BucketOwner',
    },
    {
      title: 'Tags',
      put: ({ calls, bucket }) => calls.putBucketTags!(bucket, { a: '1', b: '2' }),
      get: async ({ calls, bucket }) => (await calls.getBucketTags!(bucket)).tag,
      remove: ({ calls, bucket }) => calls.deleteBucketTags!(bucket),
      expected: { a: '1', b: '2' },
      before: {},
    },
  ];
  for (const { title, put, get, remove, expected, ...rest } of settings) {
    const assessAbsence = async () => {
      if ('absent' in rest) expect(await failureOf(get(scene()))).toMatchObject(rest.absent!);
      else expect(await get(scene())).toEqual(rest.before);
    };
    check(`PutBucket${title}`, 'stores the configuration', async () => {
      await put(scene());

      expect(await get(scene())).toMatchObject(expected as never);
    });
    check(`GetBucket${title}`, 'returns the default, or an error, without a configuration', async () => {
      await assessAbsence();
    });
    if (!remove) continue;
    check(`DeleteBucket${title}`, 'restores the default', async () => {
      await put(scene());

      await remove(scene());

      await assessAbsence();
    });
  }

  const inventory = (id: string, bucket: string) => ({
    id,
    isEnabled: false,
    prefix: 'in/',
    OSSBucketDestination: {
      format: 'CSV',
      accountId: '1234567890123456',
      rolename: 'AliyunOSSRole',
      bucket,
      prefix: 'out',
    },
    frequency: 'Daily',
    includedObjectVersions: 'All',
    optionalFields: { field: ['Size', 'LastModifiedDate'] },
  });

  check('PutBucketInventory', 'stores the configuration', async () => {
    const { calls, bucket } = scene();

    await calls.putBucketInventory!(bucket, inventory('one', bucket));

    const { inventory: kept } = await calls.getBucketInventory!(bucket, 'one');
    expect(kept).toMatchObject({ id: 'one', prefix: 'in/', frequency: 'Daily' });
  });

  check('GetBucketInventory', 'refuses an inventory that does not exist', async () => {
    const { calls, bucket } = scene();

    expect(await failureOf(calls.getBucketInventory!(bucket, 'none'))).toMatchObject(ABSENT);
  });

  check('ListBucketInventory', 'lists in pages', async () => {
    const { calls, bucket } = scene();
    const ids = Array.from({ length: 101 }, (_, index) => `id-${String(index).padStart(3, '0')}`);
    for (const id of ids) await calls.putBucketInventory!(bucket, inventory(id, bucket));

    const first = (await calls.listBucketInventory!(bucket)) as unknown as InventoryPage;
    const second = (await calls.listBucketInventory!(bucket, {
      continuationToken: first.nextContinuationToken,
    })) as unknown as InventoryPage;

    const listed = [...first.inventoryList, ...second.inventoryList].map(({ id }) => id);
    expect(first).toMatchObject({ isTruncated: true });
    expect(listed).toEqual(ids);
  });

  check('DeleteBucketInventory', 'deletes an inventory', async () => {
    const { calls, bucket } = scene();
    await calls.putBucketInventory!(bucket, inventory('one', bucket));

    await calls.deleteBucketInventory!(bucket, 'one');

    expect(await failureOf(calls.getBucketInventory!(bucket, 'one'))).toMatchObject(ABSENT);
  });
});

interface InventoryPage {
  readonly inventoryList: { id: string }[];
  readonly isTruncated: boolean;
  readonly nextContinuationToken: string;
}

interface Setting {
  readonly title: string;
  readonly put: (scene: Scene) => Promise<unknown>;
  readonly get: (scene: Scene) => Promise<unknown>;
  /** Absent where the API has no such operation. */
  readonly remove?: (scene: Scene) => Promise<unknown>;
  /** At least this is given back. */
  readonly expected: unknown;
  /** Before and after: what is given back, or the refusal. */
  readonly before?: unknown;
  readonly absent?: object;
}

import type AliOss from 'ali-oss';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  failureOf,
  openBucket,
  presignedPath,
  STRANGER,
  startOss,
  type TestOss,
  untyped,
} from './support.ts';

describe.each([{ v4: false }, { v4: true }])('buckets, V4 $v4', ({ v4 }) => {
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
  });
  afterAll(() => oss.close());

  test('a bucket is created once, and again only by its owner', async () => {
    const again = await client.putBucket(bucket);
    const stranger = await failureOf(oss.client({ v4, account: STRANGER }).putBucket(bucket));
    const changed = await failureOf(client.putBucket(bucket, { StorageClass: 'Archive' } as never));

    expect(again.bucket).toBe(bucket);
    expect(stranger).toMatchObject({ code: 'BucketAlreadyExists', status: 409 });
    expect(changed.message).toBe("Cannot modify existing bucket's storage class.");
  });

  test('a bucket is deleted only if it is empty', async () => {
    await client.put('a', Buffer.from(''));

    const full = await failureOf(client.deleteBucket(bucket));
    await client.delete('a');
    await client.deleteBucket(bucket);
    const gone = await failureOf(client.deleteBucket(bucket));

    expect(full).toMatchObject({ code: 'BucketNotEmpty', status: 409 });
    expect(gone).toMatchObject({ code: 'NoSuchBucket', status: 404 });
  });

  test.each(['ab', 'Upper', '-a-', 'under_score', 'a'.repeat(64)])(
    'a bucket cannot have the name %s',
    async (name) => {
      const response = await oss.send({
        method: 'PUT',
        path: presignedPath({ method: 'PUT', bucket: name }),
      });

      expect(response.status).toBe(400);
      expect(response.body.toString()).toContain('<Code>InvalidBucketName</Code>');
    },
  );

  test('a bucket returns its info, location and statistics', async () => {
    const { bucket: info } = await client.getBucketInfo(bucket);
    const { location } = await client.getBucketLocation(bucket);
    await client.put('a', Buffer.from('hello'));
    const { stat } = await calls.getBucketStat!(bucket);

    expect(info).toMatchObject({
      Name: bucket,
      Location: 'oss-cn-hangzhou',
      ExtranetEndpoint: 'oss-cn-hangzhou.aliyuncs.com',
      IntranetEndpoint: 'oss-cn-hangzhou-internal.aliyuncs.com',
      StorageClass: 'Standard',
      AccessControlList: { Grant: 'private' },
    });
    expect(location).toBe('oss-cn-hangzhou');
    expect(stat).toMatchObject({ Storage: '5', ObjectCount: '1' });
  });

  test('buckets are listed in pages, by prefix and by tag', async () => {
    const prefix = `list-${v4}-`;
    for (const name of ['c', 'a', 'b']) await client.putBucket(prefix + name);
    await calls.putBucketTags!(`${prefix}b`, { team: 'blue' });

    const first = await calls.listBuckets!({ prefix, 'max-keys': 2 });
    const rest = await calls.listBuckets!({ prefix, marker: first.nextMarker });
    const tagged = await calls.listBuckets!({ prefix, subres: { tagging: '"team":"blue"' } });

    const names = ({ buckets }: Record<string, unknown>) =>
      (buckets as { name: string }[]).map(({ name }) => name);
    expect([names(first), names(rest), names(tagged)]).toEqual([
      [`${prefix}a`, `${prefix}b`],
      [`${prefix}c`],
      [`${prefix}b`],
    ]);
    expect((tagged.buckets as { tag: unknown }[])[0]!.tag).toEqual({ team: 'blue' });
  });

  test('the access control list of a bucket is set, and setting it creates the bucket', async () => {
    const name = `acl-${v4}-bucket`;
    await client.putBucketACL(name, 'public-read');

    const { acl } = await client.getBucketACL(name);

    expect(acl).toBe('public-read');
    expect(await failureOf(client.putBucketACL(name, 'wrong' as never))).toMatchObject({
      code: 'InvalidArgument',
    });
  });

  test('the CORS rules of a bucket are stored and returned', async () => {
    const rules = [{ allowedOrigin: '*', allowedMethod: 'GET', exposeHeader: 'ETag', maxAgeSeconds: '30' }];

    const absent = await failureOf(client.getBucketCORS(bucket));
    await client.putBucketCORS(bucket, rules as never);
    const kept = await client.getBucketCORS(bucket);
    await client.deleteBucketCORS(bucket);

    expect(absent.message).toBe('The CORS Configuration does not exist.');
    expect(kept.rules).toEqual(rules);
    expect(await failureOf(client.getBucketCORS(bucket))).toMatchObject({ code: 'NoSuchCORSConfiguration' });
  });

  test('incomplete CORS rules are refused', async () => {
    const rules = [{ allowedOrigin: '*', allowedMethod: 'FETCH' }];

    const error = await failureOf(client.putBucketCORS(bucket, rules as never));

    expect(error).toMatchObject({ code: 'MalformedXML', ecCode: '0016-00000608' });
  });

  test('lifecycle, website, logging, referer and payment settings are stored and returned', async () => {
    await client.putBucketLifecycle(bucket, [
      { id: 'old', prefix: 'logs/', status: 'Enabled', expiration: { days: 1 } },
    ] as never);
    await client.putBucketWebsite(bucket, { index: 'home.html' });
    await client.putBucketLogging(bucket, 'logs/');
    await client.putBucketReferer(bucket, true, ['https://a.example']);
    await calls.putBucketRequestPayment!(bucket, 'Requester');

    const { rules } = await client.getBucketLifecycle(bucket);
    const website = await client.getBucketWebsite(bucket);
    const logging = await client.getBucketLogging(bucket);
    const referer = await client.getBucketReferer(bucket);
    const payment = await calls.getBucketRequestPayment!(bucket);

    expect(rules).toMatchObject([{ id: 'old', expiration: { days: '1' } }]);
    expect(website.index).toBe('home.html');
    expect(logging).toMatchObject({ enable: true, prefix: 'logs/' });
    expect(referer).toMatchObject({ allowEmpty: true, referers: ['https://a.example'] });
    expect(payment.payer).toBe('Requester');
  });

  test('a new bucket has the default settings of the service', async () => {
    const referer = await client.getBucketReferer(bucket).then(
      ({ allowEmpty }) => allowEmpty,
      (error: Error) => error.message,
    );
    const logging = await client.getBucketLogging(bucket);
    const payment = await calls.getBucketRequestPayment!(bucket);
    const tags = await calls.getBucketTags!(bucket);
    const policy = await calls.getBucketPolicy!(bucket);
    const lifecycle = await failureOf(client.getBucketLifecycle(bucket));
    const website = await failureOf(client.getBucketWebsite(bucket));
    const encryption = await failureOf(calls.getBucketEncryption!(bucket));

    expect(referer).toBe(true);
    expect(logging.enable).toBe(false);
    expect(payment.payer).toBe('BucketOwner');
    expect(tags.tag).toEqual({});
    expect(policy.policy).toBeNull();
    expect([lifecycle.code, website.code, encryption.code]).toEqual([
      'NoSuchLifecycle',
      'NoSuchWebsiteConfiguration',
      'NoSuchServerSideEncryptionRule',
    ]);
  });

  test('policy, encryption rule and tags of a bucket are stored and returned', async () => {
    const policy = {
      Version: '1',
      Statement: [{ Effect: 'Deny', Action: ['oss:GetObject'], Principal: ['1'], Resource: ['*'] }],
    };
    await calls.putBucketPolicy!(bucket, policy);
    await calls.putBucketEncryption!(bucket, { SSEAlgorithm: 'AES256' });
    await calls.putBucketTags!(bucket, { a: '1', b: '2' });

    expect((await calls.getBucketPolicy!(bucket)).policy).toEqual(policy);
    expect((await calls.getBucketEncryption!(bucket)).encryption).toEqual({ SSEAlgorithm: 'AES256' });
    expect((await calls.getBucketTags!(bucket)).tag).toEqual({ a: '1', b: '2' });
  });

  test('inventories of a bucket are stored by id', async () => {
    const inventory = (id: string) => ({
      id,
      isEnabled: false,
      OSSBucketDestination: { format: 'CSV', accountId: '1', rolename: 'r', bucket },
      frequency: 'Daily',
      includedObjectVersions: 'All',
      optionalFields: { field: ['Size'] },
    });
    await calls.putBucketInventory!(bucket, inventory('one'));
    await calls.putBucketInventory!(bucket, inventory('two'));

    const one = await calls.getBucketInventory!(bucket, 'one');
    const all = await calls.listBucketInventory!(bucket);
    await calls.deleteBucketInventory!(bucket, 'one');

    expect(one.inventory).toMatchObject({ id: 'one', frequency: 'Daily' });
    expect((all.inventoryList as { id: string }[]).map(({ id }) => id)).toEqual(['one', 'two']);
    expect(await failureOf(calls.getBucketInventory!(bucket, 'one'))).toMatchObject({
      code: 'NoSuchInventory',
    });
  });
});

describe('cross-origin requests', () => {
  let oss: TestOss;
  let bucket: string;

  beforeAll(async () => {
    oss = await startOss();
    const opened = await openBucket(oss);
    bucket = opened.bucket;
    await opened.client.putBucketCORS(bucket, [
      {
        allowedOrigin: ['https://*.example.com'],
        allowedMethod: ['PUT', 'GET'],
        allowedHeader: 'x-oss-*',
        exposeHeader: ['ETag', 'x-oss-request-id'],
        maxAgeSeconds: '60',
      },
    ] as never);
  });
  afterAll(() => oss.close());

  const preflight = (origin: string, method: string, headers = '') =>
    oss.send({
      method: 'OPTIONS',
      path: `/${bucket}/a`,
      headers: {
        origin,
        'access-control-request-method': method,
        ...(headers && { 'access-control-request-headers': headers }),
      },
    });

  test('a cross-origin request gets what a rule allows', async () => {
    const response = await preflight('https://app.example.com', 'PUT', 'x-oss-meta-a, X-Oss-Date');

    expect(response.status).toBe(200);
    expect(response.headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example.com',
      'access-control-allow-methods': 'PUT, GET',
      'access-control-allow-headers': 'x-oss-meta-a, X-Oss-Date',
      'access-control-expose-headers': 'ETag, x-oss-request-id',
      'access-control-max-age': '60',
    });
  });

  test.each([
    ['https://example.org', 'PUT', ''],
    ['https://app.example.com', 'DELETE', ''],
    ['https://app.example.com', 'PUT', 'authorization'],
  ])('a cross-origin request from %s with %s and %j is refused', async (origin, method, headers) => {
    const response = await preflight(origin, method, headers);

    expect(response.status).toBe(403);
    expect(response.body.toString()).toContain('<Code>AccessForbidden</Code>');
  });

  test('a failed cross-origin request also has the headers of its rule', async () => {
    const response = await oss.send({
      path: presignedPath({ bucket, key: 'absent' }),
      headers: { origin: 'https://app.example.com' },
    });

    expect(response.status).toBe(404);
    expect(response.headers['access-control-allow-origin']).toBe('https://app.example.com');
  });
});

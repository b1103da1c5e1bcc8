import { createHmac } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type QueryPair, signV1, stringToSignV1 } from '../../../shared/oss/signature-v1.ts';
import { canonicalRequestV4, signV4, stringToSignV4 } from '../../../shared/oss/signature-v4.ts';
import { encodeRfc3986 } from '../../../shared/runtime/aliyun-v4.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import { ACCOUNT, failureOf, openBucket, presignedPath, startOss, type TestOss } from './support.ts';

/** What the official SDKs of other languages send, and ali-oss does not. */
describe('clients of other languages', () => {
  let oss: TestOss;
  let bucket: string;
  let client: Awaited<ReturnType<typeof openBucket>>['client'];

  beforeAll(async () => {
    oss = await startOss();
  });
  beforeEach(async () => {
    await oss.reset();
    ({ bucket, client } = await openBucket(oss));
  });
  afterAll(() => oss.close());

  const send = (
    method: string,
    query: QueryPair[],
    { key, body, headers = {} }: { key?: string; body?: string; headers?: Record<string, string> } = {},
  ) => oss.send({ method, path: presignedPath({ method, bucket, key, query, headers }), headers, body });
  const textOf = async (...request: Parameters<typeof send>) => (await send(...request)).body.toString();

  test.each([
    [
      'parameter',
      [
        ['delete', ''],
        ['encoding-type', 'url'],
      ] as QueryPair[],
      {},
    ],
    ['header', [['delete', '']] as QueryPair[], { 'encoding-type': 'url' }],
  ])(
    'encoding-type as a %s of a deletion concerns the keys of the answer alone',
    async (_, query, headers) => {
      await client.put('aA', Buffer.from('x'));
      await client.put('a%41', Buffer.from('x'));

      const answer = await textOf('POST', query, {
        headers,
        body: '<Delete><Object><Key>a%41</Key></Object></Delete>',
      });

      expect(answer).toContain('<Key>a%2541</Key>');
      expect((await client.get('aA')).content.toString()).toBe('x');
      expect(await failureOf(client.get('a%41'))).toMatchObject({ code: 'NoSuchKey' });
    },
  );

  test('a bucket without live channels lists none', async () => {
    const answer = await textOf('GET', [['live', '']]);

    expect(answer).toContain('<ListLiveChannelResult>');
    expect(answer).toContain('<IsTruncated>false</IsTruncated>');
  });

  test('the info of a bucket shows its encryption rule, None without one', async () => {
    const before = await textOf('GET', [['bucketInfo', '']]);
    await send('PUT', [['encryption', '']], {
      body: '<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>',
    });

    const after = await textOf('GET', [['bucketInfo', '']]);

    expect(before).toContain('<SSEAlgorithm>None</SSEAlgorithm>');
    expect(after).toContain('<SSEAlgorithm>AES256</SSEAlgorithm>');
  });

  test('the default encryption of a bucket marks an object that names none', async () => {
    await send('PUT', [['encryption', '']], {
      body: '<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>',
    });

    const { headers } = await send('PUT', [], { key: 'a', body: 'x' });

    expect(headers['x-oss-server-side-encryption']).toBe('AES256');
  });

  test.each([
    ['an unknown method', '<SSEAlgorithm>BOGUS</SSEAlgorithm>', 'InvalidEncryptionAlgorithmError'],
    [
      'a key id without KMS',
      '<SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>',
      'InvalidArgument',
    ],
  ])('an encryption rule is refused: %s', async (_, rule, code) => {
    const answer = await textOf('PUT', [['encryption', '']], {
      body: `<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault>${rule}</ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>`,
    });

    expect(answer).toContain(`<Code>${code}</Code>`);
  });

  test('an empty continuation token leaves start-after in force', async () => {
    for (const key of ['a', 'b', 'c']) await client.put(key, Buffer.from('x'));

    const answer = await textOf('GET', [
      ['list-type', '2'],
      ['start-after', 'b'],
      ['continuation-token', ''],
    ]);

    expect(answer.match(/<Key>[^<]*/g)).toEqual(['<Key>c']);
  });

  test('a continuation token has no character that needs an encoding', async () => {
    for (const key of ['图片?>1', '图片?>2']) await client.put(key, Buffer.from('x'));

    const answer = await textOf('GET', [
      ['list-type', '2'],
      ['max-keys', '1'],
    ]);

    expect(answer).toMatch(/<NextContinuationToken>[A-Za-z0-9_-]+<\/NextContinuationToken>/);
  });

  test.each([
    ['key', [['tag-key', 'env']] as QueryPair[], 1],
    [
      'key and value',
      [
        ['tag-key', 'env'],
        ['tag-value', 'test'],
      ] as QueryPair[],
      1,
    ],
    [
      'another value',
      [
        ['tag-key', 'env'],
        ['tag-value', 'live'],
      ] as QueryPair[],
      0,
    ],
  ])('buckets are listed by a tag: %s', async (_, query, count) => {
    await send('PUT', [['tagging', '']], {
      body: '<Tagging><TagSet><Tag><Key>env</Key><Value>test</Value></Tag></TagSet></Tagging>',
    });
    await client.putBucket('without-tags');
    const date = new Date().toUTCString();
    const text = stringToSignV1({ method: 'GET', resource: '/', query, headers: { date } });
    const authorization = `OSS ${ACCOUNT.accessKeyId}:${signV1(ACCOUNT.accessKeySecret, text)}`;
    const path = `/?${query.map((pair) => pair.join('=')).join('&')}`;

    const answer = await oss.send({ path, headers: { date, authorization } });

    expect(answer.body.toString().match(/<Name>/g) ?? []).toHaveLength(count);
  });

  test('deletion of named tags leaves the other tags of a bucket', async () => {
    await send('PUT', [['tagging', '']], {
      body: '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value>2</Value></Tag></TagSet></Tagging>',
    });

    const { status } = await send('DELETE', [
      ['tagging', 'a'],
      ['aa', '1'],
    ]);

    expect(status).toBe(204);
    expect((await textOf('GET', [['tagging', '']])).match(/<Key>[^<]*/g)).toEqual(['<Key>b']);
  });

  test('a bucket is deleted while its settings are written', async () => {
    const writes = Promise.all(Array.from({ length: 6 }, () => send('DELETE', [['lifecycle', '']])));

    const { status } = await send('DELETE', []);

    await writes;
    expect(status).toBe(204);
  });

  test('a part has the MD5 of its bytes', async () => {
    const { uploadId } = await client.initMultipartUpload('big');

    const { headers } = await send(
      'PUT',
      [
        ['partNumber', '1'],
        ['uploadId', uploadId],
      ],
      { key: 'big', body: 'x' },
    );

    expect(headers['content-md5']).toBe('ndTkYSaMgDT1yFZOFVxnpg==');
  });

  test('an upload is started with an encoded key on request', async () => {
    const answer = await textOf(
      'POST',
      [
        ['uploads', ''],
        ['encoding-type', 'url'],
      ],
      { key: 'a\u0001b' },
    );

    expect(answer).toContain('<Key>a%01b</Key>');
    expect(answer).toContain('<EncodingType>url</EncodingType>');
  });

  test('the completion of an upload sets the access control list of its header', async () => {
    const { uploadId } = await client.initMultipartUpload('big');

    await send('POST', [['uploadId', uploadId]], {
      key: 'big',
      headers: { 'x-oss-object-acl': 'public-read' },
      body: '<CompleteMultipartUpload/>',
    });

    expect(await textOf('GET', [['acl', '']], { key: 'big' })).toContain('<Grant>public-read</Grant>');
  });

  test('a copied part keeps to the conditions on its source', async () => {
    await client.put('a', Buffer.from('x'));
    const { uploadId } = await client.initMultipartUpload('big');

    const answer = await textOf(
      'PUT',
      [
        ['partNumber', '1'],
        ['uploadId', uploadId],
      ],
      {
        key: 'big',
        headers: { 'x-oss-copy-source': `/${bucket}/a`, 'x-oss-copy-source-if-match': '"00"' },
      },
    );

    expect(answer).toContain('<Code>PreconditionFailed</Code>');
  });

  test('a copy source may be encoded as a form', async () => {
    await client.put('a b+c', Buffer.from('x'));

    const { status } = await send('PUT', [], {
      key: 'copy',
      headers: { 'x-oss-copy-source': `/${bucket}/a+b%2Bc` },
    });

    expect(status).toBe(200);
  });

  test('a copy that replaces metadata without a type keeps the type of its source', async () => {
    await client.put('a', Buffer.from('x'), { mime: 'text/plain' });
    await send('PUT', [], {
      key: 'copy',
      headers: { 'x-oss-copy-source': `/${bucket}/a`, 'x-oss-metadata-directive': 'REPLACE' },
    });

    const { headers } = await send('HEAD', [], { key: 'copy' });

    expect(headers['content-type']).toBe('text/plain');
  });

  test('a copy of a symbolic link is a link to the same target', async () => {
    await client.put('target', Buffer.from('x'));
    await send('PUT', [['symlink', '']], { key: 'link', headers: { 'x-oss-symlink-target': 'target' } });
    await send('PUT', [], { key: 'copy', headers: { 'x-oss-copy-source': `/${bucket}/link` } });

    const { headers } = await send('GET', [['symlink', '']], { key: 'copy' });

    expect(headers['x-oss-symlink-target']).toBe('target');
  });

  test('an append after the deletion of a versioned object makes a version of its own', async () => {
    await send('PUT', [['versioning', '']], {
      body: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
    });
    const append = (position: number) =>
      send(
        'POST',
        [
          ['append', ''],
          ['position', String(position)],
        ],
        { key: 'log', body: 'x' },
      );
    const first = await append(0);
    const second = await append(1);
    await send('DELETE', [], { key: 'log' });

    const third = await append(0);

    expect(second.headers['x-oss-version-id']).toBe(first.headers['x-oss-version-id']);
    expect(third.headers['x-oss-version-id']).not.toBe(first.headers['x-oss-version-id']);
    expect((await textOf('GET', [['versions', '']])).match(/<Version>/g)).toHaveLength(2);
  });

  test('the statistics of a bucket count its delete markers', async () => {
    await send('PUT', [['versioning', '']], {
      body: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
    });
    await send('DELETE', [], { key: 'a' });

    expect(await textOf('GET', [['stat', '']])).toContain('<DeleteMarkerCount>1</DeleteMarkerCount>');
  });

  test('an invalid version id is refused', async () => {
    const answer = await textOf('DELETE', [['versionId', '234']], { key: 'a' });

    expect(answer).toContain('<Code>InvalidArgument</Code>');
  });

  test.each([
    [
      'referer',
      '<RefererConfiguration><AllowEmptyReferer>False</AllowEmptyReferer><RefererList/></RefererConfiguration>',
      '<AllowEmptyReferer>false<',
    ],
    [
      'referer',
      '<RefererConfiguration><AllowEmptyReferer>False</AllowEmptyReferer><RefererList/></RefererConfiguration>',
      '<AllowTruncateQueryString>true<',
    ],
    [
      'cors',
      '<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod><AllowedHeader>X-A</AllowedHeader></CORSRule></CORSConfiguration>',
      '<AllowedHeader>x-a<',
    ],
    [
      'cors',
      '<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>',
      '<ResponseVary>false<',
    ],
  ])('a configuration is returned in the form of the service: %s', async (name, body, expected) => {
    await send('PUT', [[name, '']], { body });

    expect(await textOf('GET', [[name, '']])).toContain(expected);
  });

  const rule = (inner: string) =>
    `<LifecycleConfiguration><Rule><ID>a</ID><Prefix>p</Prefix><Status>Enabled</Status>${inner}</Rule></LifecycleConfiguration>`;

  test.each([
    [
      'an unknown class',
      '<Transition><Days>3</Days><StorageClass>BOGUS</StorageClass></Transition>',
      'InvalidArgument',
    ],
    [
      'the end before the change of class',
      '<Expiration><Days>3</Days></Expiration><Transition><Days>4</Days><StorageClass>IA</StorageClass></Transition>',
      'InvalidArgument',
    ],
    [
      'a colder class before a warmer one',
      '<NoncurrentVersionTransition><NoncurrentDays>20</NoncurrentDays><StorageClass>IA</StorageClass></NoncurrentVersionTransition><NoncurrentVersionTransition><NoncurrentDays>12</NoncurrentDays><StorageClass>Archive</StorageClass></NoncurrentVersionTransition>',
      'InvalidArgument',
    ],
    [
      'days beside a date',
      '<Expiration><CreatedBeforeDate>2030-01-01T00:00:00.000Z</CreatedBeforeDate></Expiration><Transition><Days>4</Days><StorageClass>IA</StorageClass></Transition>',
      'InvalidRequest',
    ],
    [
      'a tag with other characters',
      '<Tag><Key>%&amp;</Key><Value>1</Value></Tag><Expiration><Days>3</Days></Expiration>',
      'InvalidArgument',
    ],
  ])('a lifecycle is refused: %s', async (_, inner, code) => {
    const answer = await textOf('PUT', [['lifecycle', '']], { body: rule(inner) });

    expect(answer).toContain(`<Code>${code}</Code>`);
  });

  test.each([
    ['GET', undefined, 'accessmonitor'],
    ['GET', undefined, 'newThing'],
    ['GET', 'a', 'legalHold'],
  ])('%s of a sub-resource that is not known is refused: key %s, ?%s', async (method, key, name) => {
    const answer = await textOf(method, [[name, '']], { key });

    expect(answer).toContain('<Code>NotImplemented</Code>');
  });

  test('HEAD of a bucket says whether it exists', async () => {
    const there = await send('HEAD', []);
    const absent = await oss.send({
      method: 'HEAD',
      path: presignedPath({ method: 'HEAD', bucket: 'absent' }),
    });

    expect([there.status, absent.status]).toEqual([200, 404]);
  });

  test('a bucket is not created in another region', async () => {
    const body =
      '<CreateBucketConfiguration><LocationConstraint>oss-mars-1</LocationConstraint></CreateBucketConfiguration>';
    const path = presignedPath({ method: 'PUT', bucket: 'on-mars' });

    const answer = await oss.send({ method: 'PUT', path, body });

    expect(answer.body.toString()).toContain('<Code>InvalidLocationConstraint</Code>');
  });

  test('a bucket is not served on the host of another region', async () => {
    const answer = await oss.send({
      path: '/a',
      headers: { host: `${bucket}.oss-cn-beijing.aliyuncs.com` },
    });

    expect(answer.body.toString()).toContain('<Endpoint>oss-cn-hangzhou.aliyuncs.com</Endpoint>');
  });

  test('a path that begins with the bucket is refused on a host of the service', async () => {
    const answer = await oss.send({
      path: `/${bucket}/a`,
      headers: { host: 'oss-cn-hangzhou.aliyuncs.com' },
    });

    expect(answer.body.toString()).toContain('<Code>SecondLevelDomainForbidden</Code>');
  });

  test.each([
    ['GET', '?acl', 'NoSuchBucket'],
    ['PUT', '?versioning', 'NoSuchBucket'],
    ['PUT', '', 'InvalidAccessKeyId'],
  ])('an unknown access key on a missing bucket: %s %s is %s', async (method, query, code) => {
    const headers = { authorization: 'OSS nokey:c2ln', date: new Date().toUTCString() };

    const answer = await oss.send({ method, path: `/no-such-bucket${query}`, headers });

    expect(answer.body.toString()).toContain(`<Code>${code}</Code>`);
  });

  describe('signatures', () => {
    const now = () => new Date().toUTCString();
    const v4 = (
      date: string,
      region: string,
      service = 'oss',
      day = new Date(date).toISOString().slice(0, 10).replaceAll('-', ''),
    ) => {
      const headers = { date, 'x-oss-content-sha256': 'UNSIGNED-PAYLOAD' };
      const context = { date, day, region, service };
      const canonical = canonicalRequestV4({ method: 'GET', bucket, query: [['acl', '']], headers });
      const signature = signV4(
        { ...context, secret: ACCOUNT.accessKeySecret },
        stringToSignV4(context, canonical),
      );
      const authorization = `OSS4-HMAC-SHA256 Credential=${ACCOUNT.accessKeyId}/${day}/${region}/${service}/aliyun_v4_request,Signature=${signature}`;
      return oss.send({ path: `/${bucket}/?acl`, headers: { ...headers, authorization } });
    };

    test('V4 signs the text of the Date header where x-oss-date is absent', async () => {
      expect((await v4(now(), 'cn-hangzhou')).status).toBe(200);
    });

    test.each([
      ['region', 'mars-1', 'oss', '0002-00000226'],
      ['product', 'cn-hangzhou', 'ecs', '0002-00000227'],
    ])('V4 for another %s is refused', async (_, region, service, ec) => {
      const answer = await v4(now(), region, service);

      expect(answer.status).toBe(400);
      expect(answer.body.toString()).toContain(`<EC>${ec}</EC>`);
    });

    test('V2 in a header covers all parameters', async () => {
      const date = now();
      const text = ['GET', '', '', date, '', `${encodeRfc3986(`/${bucket}/`)}?acl&x=1`].join('\n');
      const signature = createHmac('sha256', ACCOUNT.accessKeySecret).update(text).digest('base64');
      const headers = {
        date,
        authorization: `OSS2 AccessKeyId:${ACCOUNT.accessKeyId},Signature:${signature}`,
      };

      const right = await oss.send({ path: `/${bucket}/?acl&x=1`, headers });
      const changed = await oss.send({ path: `/${bucket}/?acl&x=2`, headers });

      expect(right.status).toBe(200);
      expect(changed.body.toString()).toContain('<Code>SignatureDoesNotMatch</Code>');
    });

    test('a V1 signature over a sub-resource that is not known hears what is not implemented', async () => {
      const date = now();
      const resource = `/${bucket}/?userDefinedLogFieldsConfig`;
      const text = stringToSignV1({ method: 'GET', resource, query: [], headers: { date } });
      const authorization = `OSS ${ACCOUNT.accessKeyId}:${signV1(ACCOUNT.accessKeySecret, text)}`;

      const answer = await oss.send({ path: resource, headers: { date, authorization } });

      expect(answer.body.toString()).toContain('<Code>NotImplemented</Code>');
    });
  });
});

describe('uploads in sequence', () => {
  let oss: TestOss;
  let bucket: string;

  beforeAll(async () => {
    oss = await startOss();
    ({ bucket } = await openBucket(oss));
  });
  afterAll(() => oss.close());

  const send = (method: string, query: QueryPair[], body = '', headers: Record<string, string> = {}) =>
    oss.send({ method, path: presignedPath({ method, bucket, key: 'a', query, headers }), headers, body });
  const start = async (query: QueryPair[]) =>
    /<UploadId>(.*)<\/UploadId>/.exec((await send('POST', query)).body.toString())![1]!;

  test('parts of a sequential upload come in order, and the object has an MD5', async () => {
    const uploadId = await start([
      ['uploads', ''],
      ['sequential', ''],
    ]);
    const upload = (number: number) =>
      send(
        'PUT',
        [
          ['partNumber', String(number)],
          ['uploadId', uploadId],
        ],
        'x',
      );

    const early = await upload(2);
    await upload(1);
    await send('POST', [['uploadId', uploadId]], '', { 'x-oss-complete-all': 'yes' });

    expect(early.body.toString()).toContain('<Code>PartNotSequential</Code>');
    expect((await send('HEAD', [])).headers['content-md5']).toBe('ndTkYSaMgDT1yFZOFVxnpg==');
  });

  test('a completion names its parts or asks for all, not both', async () => {
    const uploadId = await start([['uploads', '']]);

    const answer = await send('POST', [['uploadId', uploadId]], '<CompleteMultipartUpload/>', {
      'x-oss-complete-all': 'yes',
    });

    expect(answer.body.toString()).toContain('<EC>0042-00000216</EC>');
  });

  test.each([
    ['UploadPart', {}, '0042-00000104'],
    ['UploadPartCopy', { 'x-oss-copy-source': '/b/k' }, '0042-00000311'],
  ])('an upload that does not exist has the EC of the operation: %s', async (_, headers, ec) => {
    const answer = await send(
      'PUT',
      [
        ['partNumber', '1'],
        ['uploadId', 'none'],
      ],
      '',
      headers,
    );

    expect(answer.body.toString()).toContain(`<EC>${ec}</EC>`);
  });
});

describe('bodies that the service changes on their way', () => {
  let oss: TestOss;
  let bucket: string;
  let client: Awaited<ReturnType<typeof openBucket>>['client'];
  const clock = manualClock(Date.now());

  beforeAll(async () => {
    oss = await startOss({ clock });
    ({ bucket, client } = await openBucket(oss));
  });
  afterAll(() => oss.close());

  const get = (headers: Record<string, string>) =>
    oss.send({ path: presignedPath({ bucket, key: 'a', headers, time: clock.now() }), headers });

  test('text of 1 KB is compressed for a client that accepts gzip', async () => {
    const text = 'a'.repeat(5000);
    await client.put('a', Buffer.from(text), { mime: 'text/plain' });

    const { headers, body } = await get({ 'accept-encoding': 'gzip' });

    expect(headers).toMatchObject({ 'content-encoding': 'gzip' });
    expect(headers['content-length']).toBeUndefined();
    expect(gunzipSync(body).toString()).toBe(text);
  });

  test.each([
    ['a client that refuses gzip', { 'accept-encoding': 'gzip;q=0' }, 'text/plain'],
    ['a range', { 'accept-encoding': 'gzip', range: 'bytes=0-1' }, 'text/plain'],
    ['another type', { 'accept-encoding': 'gzip' }, 'image/png'],
  ])('an object is not compressed: %s', async (_, headers, mime) => {
    await client.put('a', Buffer.alloc(5000), { mime });

    const answer = await get(headers);

    expect(answer.headers['content-encoding']).toBeUndefined();
  });

  test.each(['1', '819199', '838860801', 'fast'])('a traffic limit of %s is refused', async (limit) => {
    const answer = await get({ 'x-oss-traffic-limit': limit });

    expect(answer.body.toString()).toContain('<Code>InvalidArgument</Code>');
  });

  test('a traffic limit of 100 KB/s sends 1 MB in 10 s', async () => {
    await client.put('a', Buffer.alloc(1024 * 1000), { mime: 'image/png' });
    const before = clock.now();
    let isAnswered = false;

    const answer = get({ 'x-oss-traffic-limit': '819200' }).finally(() => {
      isAnswered = true;
    });
    while (!isAnswered) {
      await clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
    }

    expect((await answer).headers['x-oss-qos-delay-time']).toBeDefined();
    expect((await answer).body).toHaveLength(1024 * 1000);
    expect(clock.now() - before).toBeGreaterThanOrEqual(9900);
  });
});

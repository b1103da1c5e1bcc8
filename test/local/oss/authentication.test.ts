import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TemporaryCredential } from '../../../local/access/account.ts';
import { manualClock } from '../../../shared/runtime/clock.ts';
import {
  ACCOUNT,
  failureOf,
  openBucket,
  presignedPath,
  STRANGER,
  startOss,
  type TestOss,
} from './support.ts';

const STS: TemporaryCredential = {
  accountId: ACCOUNT.accountId,
  accessKeySecret: 'sts-secret',
  securityToken: 'sts-token',
  expiresAt: Date.now() + 3_600_000,
};
const EXPIRED = { ...STS, expiresAt: 1 };

describe.each([{ v4: false }, { v4: true }])('signatures of OSS, V4 $v4', ({ v4 }) => {
  let oss: TestOss;
  let bucket: string;

  beforeAll(async () => {
    oss = await startOss({ temporaryCredentials: (id) => ({ 'STS.key': STS, 'STS.old': EXPIRED })[id] });
    const opened = await openBucket(oss, { v4 });
    bucket = opened.bucket;
    await opened.client.put('a', Buffer.from('hello'));
  });
  afterAll(() => oss.close());

  const get = (account: { accessKeyId: string; accessKeySecret: string }, options = {}) =>
    oss.client({ v4, bucket, account, ...options }).get('a');

  test('a wrong secret is refused, and the error has the string that was signed', async () => {
    const error = await failureOf(get({ ...ACCOUNT, accessKeySecret: 'wrong' }));

    expect(error).toMatchObject({ code: 'SignatureDoesNotMatch', status: 403 });
  });

  test('an empty query value is accepted as ali-oss signs it', async () => {
    const { objects } = await oss.client({ v4, bucket }).listV2({ prefix: '', 'max-keys': '10' }, {});

    expect(objects.map(({ name }) => name)).toEqual(['a']);
  });

  test('an unknown access key is refused', async () => {
    const error = await failureOf(get({ ...ACCOUNT, accessKeyId: 'nobody' }));

    expect(error).toMatchObject({ code: 'InvalidAccessKeyId', status: 403 });
  });

  test('another account cannot read a bucket that it does not own', async () => {
    const error = await failureOf(get(STRANGER));

    expect(error).toMatchObject({ code: 'AccessDenied', status: 403 });
  });

  test('a temporary key is accepted with its token', async () => {
    const account = { accessKeyId: 'STS.key', accessKeySecret: STS.accessKeySecret };

    const { content } = await get(account, { stsToken: STS.securityToken, refreshSTSToken: undefined });

    expect(content.toString()).toBe('hello');
  });

  test.each([
    ['no token', 'STS.key', {}, 'InvalidAccessKeyId'],
    ['another token', 'STS.key', { stsToken: 'forged' }, 'AccessKeyIdAndSecurityTokenNotMatch'],
    ['expired', 'STS.old', { stsToken: STS.securityToken }, 'SecurityTokenExpired'],
    ['a long-lived key with a token', ACCOUNT.accessKeyId, { stsToken: 'any' }, 'InvalidSecurityToken'],
  ])('a temporary key is refused: %s', async (_, accessKeyId, options, code) => {
    const error = await failureOf(get({ accessKeyId, accessKeySecret: STS.accessKeySecret }, options));

    expect(error.code).toBe(code);
  });

  test('a pre-signed URL with a token is accepted', async () => {
    const client = oss.client({
      v4,
      bucket,
      account: { accessKeyId: 'STS.key', accessKeySecret: STS.accessKeySecret },
      stsToken: STS.securityToken,
    });

    const response = await fetch(client.signatureUrl('a'));

    expect(await response.text()).toBe('hello');
  });

  test('a URL that was changed is refused', async () => {
    const url = oss.client({ v4, bucket }).signatureUrl('a');

    const response = await fetch(url.replace('/a?', '/b?'));

    expect(response.status).toBe(403);
    expect(await response.text()).toContain('<Code>SignatureDoesNotMatch</Code>');
  });
});

describe('time in signatures of OSS', () => {
  test('a request that was signed too long before or after now is refused', async () => {
    const clock = manualClock(Date.now() + 16 * 60_000);
    const oss = await startOss({ clock });

    const errors = await Promise.all(
      [true, false].map((v4) => failureOf(oss.client({ v4 }).listBuckets({}))),
    );

    expect(errors.map(({ code }) => code)).toEqual(['RequestTimeTooSkewed', 'RequestTimeTooSkewed']);
    await oss.close();
  });

  test('a URL is refused after its expiry', async () => {
    const clock = manualClock();
    const oss = await startOss({ clock });
    const path = presignedPath({ bucket: 'any-bucket', key: 'a', time: clock.now() });

    await clock.advance(600_000);
    const inTime = await oss.send({ path });
    await clock.advance(1000);
    const late = await oss.send({ path });

    expect(inTime.body.toString()).toContain('<Code>NoSuchBucket</Code>');
    expect(late.body.toString()).toContain('<Message>Request has expired.</Message>');
    await oss.close();
  });
});

describe('invalid signatures of OSS', () => {
  let oss: TestOss;

  beforeAll(async () => {
    oss = await startOss();
  });
  afterAll(() => oss.close());

  test.each([
    ['a malformed header', '/', { authorization: 'Basic abc' }, 400, 'InvalidArgument'],
    ['a malformed V4 header', '/', { authorization: 'OSS4-HMAC-SHA256 x' }, 400, 'InvalidArgument'],
    ['no date', '/', { authorization: 'OSS test-key:c2ln' }, 403, 'AccessDenied'],
    ['an incomplete URL', '/?Signature=x&Expires=1', {}, 403, 'AccessDenied'],
    ['two signatures', '/?Signature=x', { authorization: 'OSS a:b' }, 400, 'InvalidArgument'],
    ['no signature', '/', {}, 403, 'AccessDenied'],
  ])('a request is refused: %s', async (_, path, headers, status, code) => {
    const response = await oss.send({ path, headers: headers as Record<string, string> });

    expect(response.status).toBe(status);
    expect(response.body.toString()).toContain(`<Code>${code}</Code>`);
  });

  test('an invalid signature is accepted if signatures are not checked', async () => {
    const open = await startOss({ checkSignatures: false });

    const response = await open.send({ method: 'PUT', path: '/some-bucket' });

    expect(response.status).toBe(200);
    await open.close();
  });
});

describe('anonymous requests to OSS', () => {
  let oss: TestOss;

  beforeAll(async () => {
    oss = await startOss();
  });
  afterAll(() => oss.close());

  test.each([
    ['private', 'default', 'GET', 403],
    ['public-read', 'default', 'GET', 200],
    ['public-read', 'private', 'GET', 403],
    ['private', 'public-read', 'GET', 200],
    ['public-read', 'default', 'PUT', 403],
    ['public-read-write', 'default', 'PUT', 200],
    ['public-read-write', 'private', 'DELETE', 403],
    ['public-read-write', 'default', 'DELETE', 204],
  ] as const)(
    'an anonymous request to a bucket %s and an object %s: %s gives %i',
    async (bucketAcl, objectAcl, method, status) => {
      const { client, bucket } = await openBucket(oss);
      await client.putBucketACL(bucket, bucketAcl);
      await client.put('a', Buffer.from('hello'), { headers: { 'x-oss-object-acl': objectAcl } });

      const response = await oss.send({ method, path: `/${bucket}/a`, headers: { 'content-length': '0' } });

      expect(response.status).toBe(status);
    },
  );

  test('an anonymous request cannot replace headers of the answer', async () => {
    const { client, bucket } = await openBucket(oss);
    await client.putBucketACL(bucket, 'public-read');
    await client.put('a', Buffer.from('hello'));

    const response = await oss.send({ path: `/${bucket}/a?response-content-type=text/html` });

    expect(response.body.toString()).toContain('<Code>InvalidRequest</Code>');
  });

  test('anonymous reads are restricted to the referers that a bucket allows', async () => {
    const { client, bucket } = await openBucket(oss);
    await client.putBucketACL(bucket, 'public-read');
    await client.put('a', Buffer.from('hello'));
    await client.putBucketReferer(bucket, false, ['https://*.example.com/*']);
    const from = (referer?: string) =>
      oss.send({ path: `/${bucket}/a`, headers: referer ? { referer } : {} });

    const answers = await Promise.all([from('https://www.example.com/x'), from('https://evil.com/'), from()]);

    expect(answers.map(({ status }) => status)).toEqual([200, 403, 403]);
  });
});

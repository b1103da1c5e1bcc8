import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fits } from '../../../local/access/patterns.ts';
import { failureOf, openBucket, STRANGER, startOss, type TestOss, untyped } from './support.ts';

describe('fits', () => {
  test('a pattern matches the same texts as a regular expression', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (glob, value) => {
        const expression = new RegExp(`^${glob.replaceAll('*', '.*').replaceAll('?', '.')}$`);

        expect(fits(glob, value)).toBe(expression.test(value));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('bucket policies', () => {
  let oss: TestOss;

  beforeAll(async () => {
    oss = await startOss();
  });
  afterAll(() => oss.close());

  const statement = (fields: object) => ({
    Version: '1',
    Statement: [
      {
        Effect: 'Allow',
        Principal: ['*'],
        Action: ['oss:GetObject'],
        Resource: ['acs:oss:*:*:*'],
        ...fields,
      },
    ],
  });

  async function open(policy: object) {
    const { client, bucket } = await openBucket(oss);
    await client.put('in/a', Buffer.from('hello'));
    await untyped(client).putBucketPolicy!(bucket, policy);
    return { client, bucket, stranger: oss.client({ bucket, account: STRANGER }) };
  }

  test('a policy lets others read what it allows and nothing else', async () => {
    const { stranger, client } = await open(
      statement({ Principal: [STRANGER.accountId], Resource: ['acs:oss:*:*:*/in/*'] }),
    );
    await client.put('out/a', Buffer.from('x'));

    const { content } = await stranger.get('in/a');

    expect(content.toString()).toBe('hello');
    expect(await failureOf(stranger.get('out/a'))).toMatchObject({ code: 'AccessDenied' });
    expect(await failureOf(stranger.put('in/a', Buffer.from('x')))).toMatchObject({ code: 'AccessDenied' });
  });

  test('a denial of a policy overrides an access control list', async () => {
    const { client, bucket, stranger } = await open(
      statement({ Effect: 'Deny', Action: 'oss:Get*', Principal: '*' }),
    );
    await client.putBucketACL(bucket, 'public-read-write');

    const denied = await failureOf(stranger.get('in/a'));
    const anonymous = await oss.send({ path: `/${bucket}/in/a` });
    await stranger.put('in/b', Buffer.from('x'));

    expect(denied).toMatchObject({ code: 'AccessDenied', message: "Access denied by authorizer's policy." });
    expect(anonymous.status).toBe(403);
  });

  test('a policy does not restrict the owner', async () => {
    const { client } = await open(statement({ Effect: 'Deny', Action: ['oss:*'] }));

    expect((await client.get('in/a')).content.toString()).toBe('hello');
  });

  test('a policy is applied to every key of a deletion', async () => {
    const { client, stranger } = await open(
      statement({ Action: ['oss:DeleteObject'], Resource: ['acs:oss:*:*:*/in/*'] }),
    );
    await client.put('out/a', Buffer.from('x'));

    const error = await failureOf(stranger.deleteMulti(['in/a', 'out/a']));
    const untouched = await client.get('in/a');
    await stranger.deleteMulti(['in/a']);

    expect(error).toMatchObject({ code: 'AccessDenied' });
    expect(untouched.content.toString()).toBe('hello');
    expect(await failureOf(client.head('in/a'))).toMatchObject({ code: 'NoSuchKey' });
  });

  test.each([
    ['InvalidPolicyDocument', { Version: '2', Statement: [] }],
    ['InvalidPolicyDocument', { Version: '1' }],
    ['InvalidPolicyDocument', statement({ Effect: 'Maybe' })],
    ['NotImplemented', statement({ Condition: { IpAddress: { 'acs:SourceIp': ['10.0.0.0/8'] } } })],
    ['NotImplemented', statement({ NotAction: ['oss:GetObject'] })],
  ])('a policy that would not have its stated effect is refused with %s: %j', async (code, policy) => {
    const { client, bucket } = await openBucket(oss);

    const { res } = (await untyped(client).putBucketPolicy!(bucket, policy).then(
      (result) => result,
      (error: unknown) => ({ res: error }),
    )) as { res: { code: string } };

    expect(res.code).toBe(code);
  });
});

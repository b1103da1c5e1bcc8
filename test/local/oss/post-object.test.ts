import type AliOss from 'ali-oss';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { signV4 } from '../../../shared/oss/signature-v4.ts';
import { compactDate } from '../../../shared/runtime/aliyun-v4.ts';
import { ACCOUNT, headersOf, openBucket, startOss, type TestOss } from './support.ts';

const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString();

describe('form uploads', () => {
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

  const signed = (conditions: unknown[], expiration = tomorrow()) =>
    (
      client as unknown as { calculatePostSignature(policy: unknown): Record<string, string> }
    ).calculatePostSignature({
      expiration,
      conditions,
    });

  async function post(
    fields: Record<string, string>,
    content: string | undefined = 'hello',
    name = 'cat.txt',
  ) {
    const form = new FormData();
    for (const [field, value] of Object.entries(fields)) form.append(field, value);
    if (content !== '') form.append('file', new Blob([content], { type: 'text/x-form' }), name);
    return fetch(`${oss.url}/${bucket}`, { method: 'POST', body: form, redirect: 'manual' });
  }

  test('a form stores its file', async () => {
    const response = await post({ ...signed([{ bucket }]), key: 'a', 'x-oss-meta-uid': '1' });

    const got = await client.get('a');
    expect(response.status).toBe(204);
    expect(got.content.toString()).toBe('hello');
    expect(headersOf(got)).toMatchObject({ 'content-type': 'text/x-form', 'x-oss-meta-uid': '1' });
    expect(oss.changes.find(({ eventName }) => eventName === 'ObjectCreated:PostObject')).toMatchObject({
      key: 'a',
      size: 5,
    });
  });

  test('a part named file is the file, with or without a file name', async () => {
    const bytes = '\xff\x00\xfe';
    const parts = { ...signed([{ bucket }]), key: 'plain', 'x-oss-meta-name': 'na\u00efve', file: bytes };
    const body = Object.entries(parts).map(([name, value]) => {
      const encoding = name === 'file' ? 'latin1' : 'utf8';
      const head = `--boundary\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n`;
      return Buffer.concat([Buffer.from(head), Buffer.from(value, encoding), Buffer.from('\r\n')]);
    });

    const response = await fetch(`${oss.url}/${bucket}`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=boundary' },
      body: Buffer.concat([...body, Buffer.from('--boundary--\r\n')]),
    });

    const got = await client.get('plain');
    expect(response.status).toBe(204);
    expect([...got.content]).toEqual([0xff, 0x00, 0xfe]);
    expect((await client.head('plain')).meta).toEqual({ name: Buffer.from('na\u00efve').toString('latin1') });
  });

  test('a file in a field with another name than file is refused', async () => {
    const form = new FormData();
    for (const [name, value] of Object.entries({ ...signed([{ bucket }]), key: 'a' }))
      form.append(name, value);
    form.append('upload', new Blob(['x']), 'a.txt');

    const response = await fetch(`${oss.url}/${bucket}`, { method: 'POST', body: form });

    expect(response.status).toBe(400);
    expect(await response.text()).toContain('<Code>InvalidArgument</Code>');
  });

  test('a field that is too long is refused', async () => {
    const response = await post({
      ...signed([{ bucket }]),
      key: 'a',
      'x-oss-meta-a': 'x'.repeat(2 ** 20 + 1),
    });

    expect(response.status).toBe(400);
    expect(await response.text()).toContain('<Code>FieldItemTooLong</Code>');
  });

  test('a form may be signed with V4', async () => {
    const date = compactDate(Date.now());
    const policy = Buffer.from(JSON.stringify({ expiration: tomorrow(), conditions: [{ bucket }] })).toString(
      'base64',
    );
    const context = { secret: ACCOUNT.accessKeySecret, date, region: 'cn-hangzhou' };
    const credential = `${ACCOUNT.accessKeyId}/${date.slice(0, 8)}/cn-hangzhou/oss/aliyun_v4_request`;
    const fields = {
      policy,
      'x-oss-signature-version': 'OSS4-HMAC-SHA256',
      'x-oss-credential': credential,
      'x-oss-date': date,
    };

    const right = await post({ ...fields, 'x-oss-signature': signV4(context, policy), key: 'a' });
    const wrong = await post({
      ...fields,
      'x-oss-signature': signV4({ ...context, secret: 'x' }, policy),
      key: 'b',
    });

    expect(right.status).toBe(204);
    expect(await wrong.text()).toContain('<Code>SignatureDoesNotMatch</Code>');
  });

  test('the key of a form may contain the name of the file', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is wire data
    await post({ ...signed([{ bucket }]), key: 'uploads/${filename}' }, 'x', '\u732b.txt');

    expect((await client.get('uploads/\u732b.txt')).content.toString()).toBe('x');
  });

  test.each([
    ['200', 200, ''],
    ['201', 201, '<Key>a</Key>'],
    ['204', 204, ''],
    ['999', 204, ''],
  ])('a form is answered with the requested status: %s', async (wanted, status, text) => {
    const response = await post({ ...signed([{ bucket }]), key: 'a', success_action_status: wanted });

    expect(response.status).toBe(status);
    expect(await response.text()).toContain(text);
    expect(response.headers.get('etag')).toMatch(/^"[0-9A-F]{32}"$/);
  });

  test('a form is answered with a redirect on request', async () => {
    const response = await post({
      ...signed([{ bucket }]),
      key: 'a',
      success_action_redirect: 'https://example.com/done?x=1',
    });

    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toContain(`https://example.com/done?x=1&bucket=${bucket}&key=a`);
  });

  test.each([
    ['the prefix of the key', [['starts-with', '$key', 'mine/']]],
    ['another field', [['eq', '$x-oss-meta-uid', '1']]],
    ['the bucket', [{ bucket: 'other' }]],
    ['a list', [['in', '$content-type', ['image/png']]]],
  ])('a form is refused if the policy does not allow %s', async (_, conditions) => {
    const response = await post({ ...signed(conditions), key: 'a' });

    expect(response.status).toBe(403);
    expect(await response.text()).toContain('Invalid according to Policy: Policy Condition failed');
  });

  test('a form is refused after its policy has expired', async () => {
    const response = await post({ ...signed([{ bucket }], '2020-01-01T00:00:00.000Z'), key: 'a' });

    expect(await response.text()).toContain('Invalid according to Policy: Policy expired.');
  });

  test.each([
    ['hello', [0, 4], 'EntityTooLarge'],
    ['hello', [6, 9], 'EntityTooSmall'],
  ])('a form with %s is restricted to a size of %j', async (content, [min, max], code) => {
    const response = await post({ ...signed([['content-length-range', min, max]]), key: 'a' }, content);

    expect(await response.text()).toContain(`<Code>${code}</Code>`);
    expect((await client.list({ 'max-keys': 1 }, {})).objects).toEqual([]);
  });

  test('a form whose policy has no valid conditions is refused', async () => {
    const { policy, ...unbound } = signed([{ bucket }]);
    const senseless = await post({ ...signed([['content-length-range', 0, 'much']]), key: 'a' });
    const without = await post({ ...unbound, key: 'a' });

    expect(policy).toMatch(/^[A-Za-z0-9+/=]+$/);
    expect(await senseless.text()).toContain('<Code>InvalidPolicyDocument</Code>');
    expect(await without.text()).toContain('A signed form must contain a field named policy.');
  });

  test('a form cannot store a value that no header may contain', async () => {
    const response = await post({ ...signed([{ bucket }]), key: 'a', 'x-oss-meta-a': 'one\ntwo' });

    expect(response.status).toBe(400);
    expect(await response.text()).toContain('<ArgumentName>x-oss-meta-a</ArgumentName>');
  });

  test('a form without a signature is anonymous', async () => {
    const refused = await post({ key: 'a' });
    await client.putBucketACL(bucket, 'public-read-write');
    const allowed = await post({ key: 'a' });

    expect([refused.status, allowed.status]).toEqual([403, 204]);
  });

  test('a form needs a key and a file', async () => {
    const withoutKey = await post(signed([{ bucket }]));
    const withoutFile = await post({ ...signed([{ bucket }]), key: 'a' }, '');

    expect(await withoutKey.text()).toContain('Bucket POST must contain a field named key.');
    expect(await withoutFile.text()).toContain('POST requires exactly one file upload per request.');
  });

  test('a body that is not a form is refused', async () => {
    const response = await oss.send({ method: 'POST', path: `/${bucket}`, body: '{}' });

    expect(response.status).toBe(400);
    expect(response.body.toString()).toContain('<Code>MalformedPOSTRequest</Code>');
  });

  test('a form that breaks off leaves nothing', async () => {
    const body =
      '--x\r\nContent-Disposition: form-data; name="key"\r\n\r\na\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhalf';
    await client.putBucketACL(bucket, 'public-read-write');

    const response = await oss.send({
      method: 'POST',
      path: `/${bucket}`,
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      body,
    });

    expect(response.body.toString()).toContain('<Code>MalformedPOSTRequest</Code>');
    expect((await client.list({ 'max-keys': 1 }, {})).objects).toEqual([]);
  });
});

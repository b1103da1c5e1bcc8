import { describe, expect, test } from 'vitest';
import {
  authorizationV4,
  canonicalQuery,
  canonicalRequestV4,
  presignV4,
  signV4,
  stringToSignV4,
} from '../../../shared/oss/signature-v4.ts';
import { encodeRfc3986 } from '../../../shared/runtime/aliyun-v4.ts';

describe('OSS signature V4', () => {
  test('OSS signature V4 signs the vector made with the official Node SDK', () => {
    const context = { date: '20231203T121212Z', region: 'cn-hangzhou' };
    const canonical = canonicalRequestV4({
      method: 'PUT',
      bucket: 'bucket',
      key: 'dir/a b+é.txt',
      query: [
        ['x-oss-process', 'image/resize,w_10'],
        ['acl', ''],
        ['prefix', 'a b+c/é~*'],
      ],
      headers: {
        'content-type': 'text/plain',
        'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
        'x-oss-date': context.date,
        'x-oss-meta-a': ' b ',
        host: 'not signed',
      },
    });

    const signature = signV4({ ...context, secret: 'sk' }, stringToSignV4(context, canonical));

    expect(canonical).toBe(
      [
        'PUT',
        '/bucket/dir/a%20b%2B%C3%A9.txt',
        'acl&prefix=a%20b%2Bc%2F%C3%A9~%2A&x-oss-process=image%2Fresize%2Cw_10',
        'content-type:text/plain',
        'x-oss-content-sha256:UNSIGNED-PAYLOAD',
        'x-oss-date:20231203T121212Z',
        'x-oss-meta-a:b',
        '',
        '',
        'UNSIGNED-PAYLOAD',
      ].join('\n'),
    );
    expect(signature).toBe('fffddebea794a0ec62034e6a236826e99801355a2b11cd0b6a1affd426928556');
  });

  test.each([
    [{}, '/'],
    [{ bucket: 'b' }, '/b/'],
    [{ bucket: 'b', key: 'k' }, '/b/k'],
  ])('OSS signature V4 names the resource of %j as %s', (resource, uri) => {
    const canonical = canonicalRequestV4({ method: 'GET', query: [], headers: {}, ...resource });

    expect(canonical.split('\n')[1]).toBe(uri);
  });
});

describe('encodeRfc3986', () => {
  test('encodeRfc3986 leaves only unreserved characters as they are', () => {
    expect(encodeRfc3986("a-_.~!'()*/ +😀")).toBe('a-_.~%21%27%28%29%2A%2F%20%2B%F0%9F%98%80');
  });

  test('encodeRfc3986 keeps slashes with keepSlash', () => {
    expect(encodeRfc3986('a/b c', { keepSlash: true })).toBe('a/b%20c');
  });
});

describe('additional headers of V4', () => {
  const credentials = { accessKeyId: 'ak', accessKeySecret: 'sk' };
  const context = { date: '20231203T121212Z', region: 'cn-hangzhou' };
  const request = {
    method: 'GET',
    bucket: 'b',
    query: [],
    headers: { 'content-type': 'a', host: 'h', range: 'r', via: 'v' },
  };
  const additionalHeaders = ['Range', 'host', 'range', 'Content-Type', 'x-oss-date'];

  test('OSS signature V4 covers each additional header once, in the order of their names', () => {
    const lines = canonicalRequestV4({ ...request, additionalHeaders }).split('\n');

    expect(lines.slice(3)).toEqual([
      'content-type:a',
      'host:h',
      'range:r',
      '',
      'host;range',
      'UNSIGNED-PAYLOAD',
    ]);
  });

  test('OSS signature V4 signs the digest of the body if the headers have one', () => {
    const headers = { 'x-oss-content-sha256': 'e3b0c442' };

    const lines = canonicalRequestV4({ ...request, headers }).split('\n');

    expect(lines.at(-1)).toBe('e3b0c442');
  });

  test('an authorization V4 names its additional headers', () => {
    const authorization = authorizationV4(credentials, context, { ...request, additionalHeaders });

    expect(authorization).toMatch(
      /^OSS4-HMAC-SHA256 Credential=ak\/20231203\/cn-hangzhou\/oss\/aliyun_v4_request,AdditionalHeaders=host;range,Signature=[0-9a-f]{64}$/,
    );
  });

  test('an authorization V4 without additional headers does not mention them', () => {
    const authorization = authorizationV4(credentials, context, request);

    expect(authorization).toMatch(
      /^OSS4-HMAC-SHA256 Credential=ak\/20231203\/cn-hangzhou\/oss\/aliyun_v4_request,Signature=[0-9a-f]{64}$/,
    );
  });

  test.each([
    [additionalHeaders, 'host;range'],
    [[], undefined],
  ])('a presigned query V4 with the additional headers %j names %s', (names, expected) => {
    const query = presignV4(credentials, context, {
      ...request,
      additionalHeaders: names,
      expiresSeconds: 60,
    });

    expect(Object.fromEntries(query)['x-oss-additional-headers']).toBe(expected);
  });

  test('a canonical query sorts by name and keeps the order of parameters with one name', () => {
    const query = [
      ['b', '2'],
      ['c', '3'],
      ['b', '1'],
      ['a', ''],
    ] as const;

    expect(canonicalQuery(query)).toBe('a&b=2&b=1&c=3');
  });
});

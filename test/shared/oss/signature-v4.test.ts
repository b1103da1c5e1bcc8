import { describe, expect, test } from 'vitest';
import { canonicalRequestV4, signV4, stringToSignV4 } from '../../../shared/oss/signature-v4.ts';
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

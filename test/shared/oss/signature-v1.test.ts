import { describe, expect, test } from 'vitest';
import { type QueryPair, signV1, stringToSignV1 } from '../../../shared/oss/signature-v1.ts';
import { presignV1 } from '../../support/oss-signature-v1.ts';

const SECRET = 'OtxrzxIsfpFjA7SwPzILwy8Bw21TLhquhboDYROV';

describe('OSS signature V1', () => {
  test('OSS signature V1 signs the documented header vector', () => {
    const text = stringToSignV1({
      method: 'PUT',
      resource: '/oss-example/nelson',
      query: [],
      headers: {
        'content-md5': 'ODBGOERFMDMzQTczRUY3NUE3NzA5QzdFNUYzMDQxNEM=',
        'content-type': 'text/html',
        date: 'Thu, 17 Nov 2005 18:49:58 GMT',
        'x-oss-meta-author': 'foo@bar.com',
        'x-oss-magic': 'abracadabra',
      },
    });

    const signature = signV1(SECRET, text);

    expect(signature).toBe('26NBxoKdsyly4EDv6inkoDft/yA=');
  });

  test('OSS signature V1 signs the documented URL vector', () => {
    const query = presignV1(
      { accessKeyId: 'ak', accessKeySecret: SECRET },
      { method: 'GET', resource: '/oss-example/oss-api.pdf', query: [], headers: {}, date: '1141889120' },
    );

    expect(Object.fromEntries(query)).toEqual({
      OSSAccessKeyId: 'ak',
      Expires: '1141889120',
      Signature: 'EwaNTn1erJGkimiJ9WmXgwnANLc=',
    });
  });

  test('OSS signature V1 signs sub-resources sorted, decoded and bare when empty, and no other parameter', () => {
    const text = stringToSignV1({
      method: 'GET',
      resource: '/b/a b/é.jpg',
      query: [
        ['uploadId', 'x/y='],
        ['prefix', 'p'],
        ['acl', ''],
        ['x-oss-process', 'image/resize,w_10'],
        ['list-type', '2'],
      ],
      headers: { 'x-oss-date': 'D', date: 'ignored' },
    });

    expect(text.split('\n').at(-1)).toBe('/b/a b/é.jpg?acl&uploadId=x/y=&x-oss-process=image/resize,w_10');
    expect(text.split('\n')[3]).toBe('D');
  });

  test.each<[string, string, QueryPair[]]>([
    [
      'sorts parameters by name',
      '?acl&cors&tagging',
      [
        ['tagging', ''],
        ['acl', ''],
        ['cors', ''],
      ],
    ],
    [
      'keeps the order of parameters with one name',
      '?acl=b&acl=a',
      [
        ['acl', 'b'],
        ['acl', 'a'],
      ],
    ],
    [
      'covers every name that begins with udf',
      '?udfName=a',
      [
        ['udfName', 'a'],
        ['xudf', 'b'],
      ],
    ],
  ])('OSS signature V1 %s', (_what, expected, query) => {
    const text = stringToSignV1({ method: 'GET', resource: '/b/k', query, headers: {} });

    expect(text.split('\n').at(-1)).toBe(`/b/k${expected}`);
  });

  test('OSS signature V1 has an empty line for each absent header, and trims the values of x-oss headers', () => {
    const headers = { 'x-oss-b': ' 2 ', 'x-oss-a': '1' };

    const text = stringToSignV1({ method: 'GET', resource: '/b/k', query: [], headers });

    expect(text).toBe(['GET', '', '', '', 'x-oss-a:1', 'x-oss-b:2', '/b/k'].join('\n'));
  });
});

import { describe, expect, test } from 'vitest';
import { createEndpoint, type EndpointOptions } from '../../../shared/oss/endpoint.ts';

const RESOURCE = { region: 'cn-shanghai', bucket: 'photos', key: 'a b/é.jpg', query: [] };

function addressOf(options: EndpointOptions, resource = {}): string {
  const { url, target } = createEndpoint(options)({ ...RESOURCE, ...resource });
  return `${url.origin} ${target}`;
}

describe('createEndpoint', () => {
  test.each<[string, EndpointOptions, string]>([
    ['the region', {}, 'https://photos.oss-cn-shanghai.aliyuncs.com /a%20b/%C3%A9.jpg'],
    [
      'the internal network',
      { internal: true },
      'https://photos.oss-cn-shanghai-internal.aliyuncs.com /a%20b/%C3%A9.jpg',
    ],
    [
      'a named endpoint',
      { endpoint: 'http://oss.example.com:8080' },
      'http://photos.oss.example.com:8080 /a%20b/%C3%A9.jpg',
    ],
    [
      'an IP address',
      { endpoint: 'http://127.0.0.1:9000' },
      'http://127.0.0.1:9000 /photos/a%20b/%C3%A9.jpg',
    ],
    ['an IPv6 address', { endpoint: 'http://[::1]:9000' }, 'http://[::1]:9000 /photos/a%20b/%C3%A9.jpg'],
    ['localhost', { endpoint: 'http://localhost:9000' }, 'http://localhost:9000 /photos/a%20b/%C3%A9.jpg'],
  ])('the address of an OSS request follows %s', (_what, options, expected) => {
    expect(addressOf(options)).toBe(expected);
  });

  test('the address of an OSS request has an encoded and sorted query without equals signs before empty values', () => {
    const query = [
      ['versionId', 'a+b/c='],
      ['acl', ''],
    ] as const;

    expect(addressOf({}, { key: undefined, query })).toBe(
      'https://photos.oss-cn-shanghai.aliyuncs.com /?acl&versionId=a%2Bb%2Fc%3D',
    );
  });

  test('the address of an OSS request keeps the dots of a key', () => {
    expect(addressOf({ endpoint: 'http://127.0.0.1:1' }, { key: 'a/../../b/.' })).toBe(
      'http://127.0.0.1:1 /photos/a/../../b/.',
    );
  });

  test.each([
    '127.0.0.1:9000',
    'ftp://host',
    'http://host/base',
    'http://user@host',
    'http://host?x',
    'xhttp://host/',
  ])('the address of an OSS request refuses the endpoint %s', (endpoint) => {
    expect(() => createEndpoint({ endpoint })).toThrow(expect.objectContaining({ code: 'ConfigInvalid' }));
  });

  test.each(['evil.example.com/', 'a@b', 'UPPER', 'ab', '-ab', '', 'a'.repeat(64)])(
    'the address of an OSS request refuses the bucket "%s", which would stand in the host name',
    (bucket) => {
      expect(() => addressOf({}, { bucket })).toThrow(expect.objectContaining({ code: 'ConfigInvalid' }));
    },
  );

  test('an address of OSS rejects an invalid region', () => {
    expect(() => addressOf({}, { region: 'x.evil.com/' })).toThrow(
      expect.objectContaining({ code: 'ConfigInvalid' }),
    );
  });

  test.each([
    ['the bucket', {}, { bucket: 'Photos' }, '"Photos" is not a bucket name'],
    ['the region', {}, { region: 'cn/x' }, '"cn/x" is not a region'],
    [
      'the endpoint',
      { endpoint: 'ftp://host' },
      {},
      'OSS endpoint must be http(s)://host[:port] without a path, but is "ftp://host"',
    ],
  ])('an address of OSS names the value of %s that it rejects', (_what, options, resource, message) => {
    expect(() => addressOf(options, resource)).toThrow(message);
  });
});

import { describe, expect, it } from 'vitest';
import { createEndpoint, type EndpointOptions } from '../../../shared/oss/endpoint.ts';

const RESOURCE = { region: 'cn-shanghai', bucket: 'photos', key: 'a b/é.jpg', query: [] };

function addressOf(options: EndpointOptions, resource = {}): string {
  const { url, target } = createEndpoint(options)({ ...RESOURCE, ...resource });
  return `${url.origin} ${target}`;
}

describe('the address of an OSS request', () => {
  it.each<[string, EndpointOptions, string]>([
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
    [
      'a name with path style',
      { endpoint: 'http://oss.internal', addressing: 'path' },
      'http://oss.internal /photos/a%20b/%C3%A9.jpg',
    ],
  ])('follows %s', (_what, options, expected) => {
    expect(addressOf(options)).toBe(expected);
  });

  it('has the query encoded and sorted, without equals signs that say nothing', () => {
    const query = [
      ['versionId', 'a+b/c='],
      ['acl', ''],
    ] as const;

    expect(addressOf({}, { key: undefined, query })).toBe(
      'https://photos.oss-cn-shanghai.aliyuncs.com /?acl&versionId=a%2Bb%2Fc%3D',
    );
  });

  it('keeps the dots of a key', () => {
    expect(addressOf({ endpoint: 'http://127.0.0.1:1' }, { key: 'a/../../b/.' })).toBe(
      'http://127.0.0.1:1 /photos/a/../../b/.',
    );
  });

  it.each(['127.0.0.1:9000', 'ftp://host', 'http://host/base', 'http://user@host', 'http://host?x'])(
    'refuses the endpoint %s',
    (endpoint) => {
      expect(() => createEndpoint({ endpoint })).toThrow(expect.objectContaining({ code: 'ConfigInvalid' }));
    },
  );

  it.each(['evil.example.com/', 'a@b', 'UPPER', 'ab', '-ab', '', 'a'.repeat(64)])(
    'refuses the bucket "%s", which would stand in the host name',
    (bucket) => {
      expect(() => addressOf({}, { bucket })).toThrow(expect.objectContaining({ code: 'ConfigInvalid' }));
    },
  );

  it('refuses a region that is none', () => {
    expect(() => addressOf({}, { region: 'x.evil.com/' })).toThrow(
      expect.objectContaining({ code: 'ConfigInvalid' }),
    );
  });
});

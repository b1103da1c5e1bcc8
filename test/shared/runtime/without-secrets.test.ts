import { expect, test } from 'vitest';
import { withoutSecrets } from '../../../shared/runtime/without-secrets.ts';

test.each([
  ['http://user:s3cr3t@host:80:90/path', 'http://…@host:…'],
  ['http//user:s3cr3t@host', '…@host'],
  ['user:s3cr3t@host', '…@host'],
  ['https:user:s3cr3t@host/', '…@host/'],
  ['http://user:s3/cr@3t@host/', 'http://…@host/'],
  ['http://s3cr3t@', 'http://…@'],
  ['http://user:s3cr3t', 'http://user:…'],
  ['http://user:s3cr3t/path', 'http://user:…'],
  ['http:// host/?token=s3cr3t', 'http:// host/?…'],
  ['http://host:8080x/#s3cr3t', 'http://host:…'],
  ['oss://bucket/pre\nfix?s3cr3t', 'oss://bucket/pre\nfix?…'],
])('the setting %j is shown as %j', (text, shown) => {
  expect(withoutSecrets(text)).toBe(shown);
  expect(withoutSecrets(text)).not.toContain('s3');
});

test.each(['http://host:8080/path', 'mns:dead_letters', 'oss://Bucket/prefix', '12 seconds', 'cn-hangzhou'])(
  'the setting %j is shown as it is',
  (text) => {
    expect(withoutSecrets(text)).toBe(text);
  },
);

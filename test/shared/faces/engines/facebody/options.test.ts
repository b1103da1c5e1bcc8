import { expect, test } from 'vitest';
import {
  FACEBODY_OPTIONS,
  faceBodyQuota,
  faceBodySettings,
} from '../../../../../shared/faces/engines/facebody/options.ts';
import { readOptions } from '../../../../../shared/runtime/options.ts';

test('the defaults are the service in Shanghai, HTTPS and two requests per second', () => {
  const options = readOptions(FACEBODY_OPTIONS, {});

  expect(faceBodySettings(options)).toEqual({
    region: 'cn-shanghai',
    endpoint: 'facebody.cn-shanghai.aliyuncs.com',
    protocol: 'HTTPS',
    connectTimeoutMs: 10_000,
    readTimeoutMs: 15_000,
  });
  expect(['DetectFace', 'RecognizeFace', 'SearchFace', 'AddFace'].map(faceBodyQuota(options))).toEqual([
    2, 2, 2, 2,
  ]);
});

test('server and pace per operation are configurable', () => {
  const options = readOptions(FACEBODY_OPTIONS, {
    FACEBODY_ENDPOINT: '127.0.0.1:18080',
    FACEBODY_UPLOAD_ENDPOINT: '127.0.0.1:18080',
    FACEBODY_PROTOCOL: 'HTTP',
    FACEBODY_RECOGNIZE_QPS: '5',
    FACEBODY_QPS: '0.5',
  });

  expect(faceBodySettings(options)).toMatchObject({
    endpoint: '127.0.0.1:18080',
    openPlatformEndpoint: '127.0.0.1:18080',
    protocol: 'HTTP',
  });
  expect(['RecognizeFace', 'DetectFace', 'AddFace'].map(faceBodyQuota(options))).toEqual([5, 0.5, 0.5]);
});

test.each([
  ['FACEBODY_ENDPOINT', 'https://facebody.cn-shanghai.aliyuncs.com'],
  ['FACEBODY_PROTOCOL', 'https'],
  ['FACEBODY_QPS', '0'],
  ['FACEBODY_READ_TIMEOUT_MS', '15'],
])('%s=%s is rejected', (name, value) => {
  expect(() => readOptions(FACEBODY_OPTIONS, { [name]: value })).toThrow(
    expect.objectContaining({ code: 'ConfigInvalid', message: expect.stringContaining(name) }),
  );
});

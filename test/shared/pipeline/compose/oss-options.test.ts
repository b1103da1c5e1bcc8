import { expect, test } from 'vitest';
import { OSS_OPTIONS } from '../../../../shared/pipeline/compose/oss-options.ts';
import { readOptions } from '../../../../shared/runtime/options.ts';

test('only the region must be given, and Function Compute gives it', () => {
  expect(readOptions(OSS_OPTIONS, { FC_REGION: 'cn-shanghai' })).toEqual({
    region: 'cn-shanghai',
    ossEndpoint: undefined,
    ossInternal: false,
    ossTimeoutSeconds: 15,
  });
  expect(() => readOptions(OSS_OPTIONS, {})).toThrow('REGION');
});

test('every option of OSS can be set', () => {
  const env = {
    REGION: 'cn-hangzhou',
    FC_REGION: 'cn-shanghai',
    OSS_ENDPOINT: 'http://127.0.0.1:9000',
    OSS_INTERNAL: 'true',
    OSS_TIMEOUT_SECONDS: '300',
  };

  expect(readOptions(OSS_OPTIONS, env)).toEqual({
    region: 'cn-hangzhou',
    ossEndpoint: 'http://127.0.0.1:9000',
    ossInternal: true,
    ossTimeoutSeconds: 300,
  });
});

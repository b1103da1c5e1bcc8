import { describe, expect, test } from 'vitest';
import { consumerOptions, POLLER_OPTIONS, readPollerOptions } from '../../../functions/mns-poller/options.ts';
import { readFlags } from '../../../shared/runtime/flags.ts';

const ENOUGH = {
  MNS_QUEUE: 'uploads',
  MNS_ENDPOINT: 'https://1.mns.cn-hangzhou.aliyuncs.com',
  K_SINK: 'http://broker/default',
  DEAD_LETTERS: 'mns:dead',
};

describe('readPollerOptions', () => {
  test('a flag of the poller overrides the environment', () => {
    const flags = readFlags(POLLER_OPTIONS, ['--concurrency', '7', '--wait-seconds=3']);

    const options = readPollerOptions({ ...ENOUGH, CONCURRENCY: '9', PREFETCH: '2' }, flags);

    expect(consumerOptions(options)).toMatchObject({ concurrency: 7, prefetch: 2, waitSeconds: 3 });
  });

  test('the options of the poller accept what Knative sets', () => {
    const options = readPollerOptions({
      ...ENOUGH,
      K_SINK_TIMEOUT: '45',
      NAMESPACE: 'photos',
      NAME: 'uploads',
    });

    expect(options).toMatchObject({ sinkTimeoutSeconds: 45, namespace: 'photos', name: 'uploads' });
  });

  test('the options of the poller reject an unknown flag', () => {
    expect(() => readFlags(POLLER_OPTIONS, ['--concurency', '7'])).toThrow(/--concurency/);
  });

  test.each([
    [{ MNS_QUEUE: '' }, 'MNS_QUEUE or MNS_TOPIC'],
    [{ MNS_ENDPOINT: '' }, 'MNS_ENDPOINT'],
    [{ MNS_TOKEN: 'a', MNS_TOKEN_FILE: 'b' }, 'MNS_TOKEN and MNS_TOKEN_FILE'],
    [{ K_SINK: '' }, 'K_SINK and SINK_FUNCTION'],
    [{ SINK_FUNCTION: 'faces' }, 'K_SINK and SINK_FUNCTION'],
    [{ K_SINK: '', SINK_FUNCTION: 'faces' }, 'REGION and FC_ACCOUNT_ID'],
    [{ SINK_DEDUPLICATE: 'true' }, 'SINK_INVOCATION=async'],
    [{ DEAD_LETTERS: '' }, 'DEAD_LETTERS'],
    [{ DEAD_LETTERS: 'nowhere' }, 'oss://<bucket>/<prefix>'],
    [{ DEAD_LETTERS: 'oss://photos/dead/' }, 'REGION'],
    [{ DEAD_LETTERS: 'mns:uploads' }, 'another queue'],
  ])('the options of the poller reject %o', (change, message) => {
    expect(() => readPollerOptions({ ...ENOUGH, ...change })).toThrow(message);
  });

  test('an error about the options of the poller never quotes a token', () => {
    const read = () => readPollerOptions({ ...ENOUGH, MNS_TOKEN: 'c2VjcmV0', MNS_TOKEN_FILE: 'file' });

    expect(read).toThrow(expect.objectContaining({ message: expect.not.stringContaining('c2VjcmV0') }));
  });
});

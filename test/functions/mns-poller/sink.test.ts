import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readPollerOptions } from '../../../functions/mns-poller/options.ts';
import { createSink } from '../../../functions/mns-poller/sink.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { staticCredentials } from '../../../shared/runtime/credentials.ts';
import { anEvent } from '../../contracts/event-sink.ts';
import { startFcStub } from '../../support/fc-stub.ts';
import { startSinkServer } from '../../support/sink-server.ts';
import { tempDir } from '../../support/temp-dir.ts';

const signal = new AbortController().signal;
const KEY = { accessKeyId: 'ak', accessKeySecret: 'sk' };

function sinkOf(env: Record<string, string>) {
  const options = readPollerOptions({
    MNS_QUEUE: 'uploads',
    MNS_ENDPOINT: 'http://127.0.0.1:1',
    DEAD_LETTERS: 'mns:dead',
    REGION: 'cn-hangzhou',
    FC_ACCOUNT_ID: '1234567890123456',
    ...env,
  });
  return createSink(options, {
    credentials: staticCredentials(KEY),
    clock: systemClock,
    random: Math.random,
  });
}

async function startReceiver() {
  const server = await startSinkServer((res) => res.writeHead(202).end());
  onTestFinished(() => server.close());
  return server;
}

describe('createSink', () => {
  test('the sink of the poller gets structured events with overrides and a token', async () => {
    const { url, requests } = await startReceiver();
    const tokenFile = join(await tempDir(), 'token');
    await writeFile(tokenFile, 'abc');
    const sink = await sinkOf({
      K_SINK: url,
      K_CE_OVERRIDES: '{"extensions":{"team":"faces"},"unknown":1}',
      SINK_MODE: 'structured',
      SINK_TOKEN_FILE: tokenFile,
    });

    await sink.deliver(anEvent(), { signal });
    await sink.close();

    expect(requests[0]?.headers).toMatchObject({ authorization: 'Bearer abc' });
    expect(requests[0]?.headers['content-type']).toContain('application/cloudevents+json');
    expect(JSON.parse(String(requests[0]?.body))).toMatchObject({ team: 'faces' });
  });

  test('the sink of the poller gets no token without a file', async () => {
    const { url, requests } = await startReceiver();
    const sink = await sinkOf({ K_SINK: url });

    await sink.deliver(anEvent(), { signal });
    await sink.close();

    expect(requests[0]?.headers).not.toHaveProperty('authorization');
  });

  test('the sink of the poller is not created when the file of its token is missing', async () => {
    const sink = sinkOf({ K_SINK: 'http://127.0.0.1:1', SINK_TOKEN_FILE: '/nowhere/token' });

    await expect(sink).rejects.toMatchObject({
      code: 'ConfigInvalid',
      message: expect.stringContaining('/nowhere/token'),
    });
  });

  test.each([
    ['faces', '2023-03-30', 'x-fc-async-task-id'],
    ['photos/faces', '2016-08-15', 'x-fc-stateful-async-invocation-id'],
  ])('the sink of the poller is the function %s, with version and task id', async (name, api, header) => {
    const stub = await startFcStub(
      () => KEY.accessKeySecret,
      () => ({ status: 202 }),
    );
    onTestFinished(() => stub.close());
    const sink = await sinkOf({
      SINK_FUNCTION: name,
      SINK_INVOCATION: 'async',
      SINK_QUALIFIER: 'stable',
      SINK_DEDUPLICATE: 'true',
      SINK_ENDPOINT: stub.url,
    });

    const delivery = await sink.deliver(anEvent(), { signal });
    await sink.close();

    expect(delivery).toEqual({ result: 'accepted' });
    expect(stub.invocations).toMatchObject([{ api, functionName: 'faces', qualifier: 'stable' }]);
    expect(stub.invocations[0]?.headers[header]).toMatch(/^oss_[0-9a-f]{64}$/);
  });
});

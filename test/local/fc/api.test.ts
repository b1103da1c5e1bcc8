import Fc2 from '@alicloud/fc2';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { type Credentials, staticCredentials } from '../../../shared/runtime/credentials.ts';
import { createFunctionCompute2Sink } from '../../../shared/sinks/function-compute-2.ts';
import { createFunctionCompute3Sink } from '../../../shared/sinks/function-compute-3.ts';
import type { EventSink } from '../../../shared/sinks/sink.ts';
import { anEvent } from '../../contracts/event-sink.ts';
import { aFunction, bytes, type FcStage, openFc } from './support.ts';

const signal = new AbortController().signal;

const ECHO = `exports.handler = async (event) => {
  const text = event.toString();
  if (text.includes('fail')) throw new Error('told to fail');
  return text;
};`;

const openEcho = async () => openFc([await aFunction(ECHO, { name: 'echo', service: 'faces' })]);

function clientOf({ cloud, fc }: FcStage, credentials: Credentials = cloud.credentials) {
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  return new Fc2(cloud.accountId, {
    accessKeyID: accessKeyId,
    accessKeySecret,
    securityToken,
    region: cloud.region,
    endpoint: fc.url,
  });
}

describe('the official SDK of 2.0', () => {
  test('the SDK invokes a function and receives its result, its log and its figures', async () => {
    const stage = await openEcho();

    const { data, headers } = await clientOf(stage).invokeFunction('faces', 'echo', 'hello', {
      'x-fc-log-type': 'Tail',
    });

    expect(String(data)).toBe('hello');
    const log = Buffer.from(headers['x-fc-log-result'] ?? '', 'base64').toString();
    expect(log).toContain(`FC Invoke End RequestId: ${headers['x-fc-request-id']}`);
    expect(log).toMatch(/Max Memory Used: [\d.]+ MB/);
    expect(Number(headers['x-fc-max-memory-usage'])).toBeGreaterThan(10);
  });

  test('a header reports to the SDK that a function failed', async () => {
    const stage = await openEcho();

    const { data, headers } = await clientOf(stage).invokeFunction('faces', 'echo', 'fail');

    expect(headers['x-fc-error-type']).toBe('UnhandledInvocationError');
    expect(data).toMatchObject({ errorMessage: 'told to fail', errorType: 'FunctionUnhandledError: Error' });
  });

  test('the SDK invokes a function asynchronously', async () => {
    const stage = await openEcho();

    await clientOf(stage).invokeFunction('faces', 'echo', 'hello', { 'x-fc-invocation-type': 'Async' });
    await stage.fc.settled();

    expect(stage.fc.history('echo').map(({ body }) => body.toString())).toEqual(['hello']);
  });

  test.each([
    ['an unknown function', 'faces', 'none', 'FunctionNotFound'],
    ['an unknown service', 'none', 'echo', 'ServiceNotFound'],
  ])('the SDK gets an error for %s', async (_, service, name, code) => {
    const stage = await openEcho();

    await expect(clientOf(stage).invokeFunction(service, name, 'x')).rejects.toMatchObject({ code });
  });

  test.each([
    ['an unknown key', { accessKeyId: 'nobody' }, 'InvalidAccessKeyID'],
    ['a wrong secret', { accessKeySecret: 'wrong' }, 'SignatureNotMatch'],
  ])('the SDK is refused with %s', async (_, changes, code) => {
    const stage = await openEcho();
    const client = clientOf(stage, { ...stage.cloud.credentials, ...changes });

    await expect(client.invokeFunction('faces', 'echo', 'x')).rejects.toMatchObject({ code });
  });

  test('an asynchronous event may have 128 KB and no byte more', async () => {
    const stage = await openEcho();
    const send = (size: number) =>
      clientOf(stage).invokeFunction('faces', 'echo', Buffer.alloc(size, 'a'), {
        'x-fc-invocation-type': 'Async',
      });

    await send(128 * 1024);
    await expect(send(128 * 1024 + 1)).rejects.toMatchObject({ code: 'InvalidArgument' });
  });
});

describe.each(['2.0', '3.0'])('the sink of %s', (version) => {
  function sinkOf(
    { cloud, fc }: FcStage,
    changes: { functionName?: string; task?: boolean } = {},
  ): EventSink {
    const options = {
      region: cloud.region,
      accountId: cloud.accountId,
      functionName: changes.functionName ?? 'echo',
      invocation: changes.task ? ('async' as const) : ('sync' as const),
      deduplicate: changes.task ?? false,
      credentials: staticCredentials(cloud.credentials),
      endpoint: fc.url,
      timeoutMs: 20_000,
      clock: cloud.clock,
    };
    if (version === '2.0') return createFunctionCompute2Sink({ ...options, serviceName: 'faces' });
    return createFunctionCompute3Sink({ ...options, random: Math.random });
  }

  test('the sink delivers an event to a function', async () => {
    const stage = await openEcho();

    const delivery = await sinkOf(stage).deliver(anEvent(), { signal });

    expect(delivery).toEqual({ result: 'accepted' });
    const [run] = stage.fc.history('echo');
    expect(JSON.parse(run!.body.toString())).toMatchObject({ id: anEvent().id, specversion: '1.0' });
  });

  test('the sink asks to retry an event if the function fails or does not exist', async () => {
    const stage = await openEcho();
    const failing = anEvent().cloneWith({ note: 'fail' });

    const failed = await sinkOf(stage).deliver(failing, { signal });
    const absent = await sinkOf(stage, { functionName: 'none' }).deliver(anEvent(), { signal });

    expect(failed).toMatchObject({
      result: 'retry',
      reason: expect.stringContaining(
        version === '2.0' ? 'UnhandledInvocationError' : 'HandledInvocationError',
      ),
    });
    expect(absent).toMatchObject({ result: 'retry', reason: expect.stringContaining('FunctionNotFound') });
  });

  test('an event that the sink delivers twice as a task runs once', async () => {
    const stage = await openEcho();
    const sink = sinkOf(stage, { task: true });

    const first = await sink.deliver(anEvent(), { signal });
    const second = await sink.deliver(anEvent(), { signal });
    await stage.fc.settled();

    expect([first, second]).toEqual([{ result: 'accepted' }, { result: 'accepted' }]);
    expect(stage.fc.history('echo')).toHaveLength(1);
  });
});

/** Sends an event to `echo`, through the SDK of 2.0 or by our sink of 3.0, and returns `accepted` or what failed. */
async function outcomeOf(stage: FcStage, version: string, credentials: Credentials): Promise<string> {
  if (version === '2.0') {
    return clientOf(stage, credentials)
      .invokeFunction('faces', 'echo', 'hello')
      .then(
        () => 'accepted',
        ({ code }: { code: string }) => code,
      );
  }
  const delivery = await createFunctionCompute3Sink({
    region: stage.cloud.region,
    accountId: stage.cloud.accountId,
    functionName: 'echo',
    invocation: 'sync',
    credentials: staticCredentials(credentials),
    endpoint: stage.fc.url,
    timeoutMs: 20_000,
    clock: systemClock,
    random: Math.random,
  }).deliver(anEvent(), { signal });
  return 'reason' in delivery ? delivery.reason : delivery.result;
}

describe.each(['2.0', '3.0'])('authentication of %s', (version) => {
  test('a client that signs by the system clock is accepted after the clock of the cloud was advanced', async () => {
    const stage = await openEcho();

    await stage.cloud.clock.advance(20 * 60_000);

    expect(await outcomeOf(stage, version, stage.cloud.credentials)).toBe('accepted');
  });

  test('a temporary key of the cloud is accepted until it expires, and with its own token only', async () => {
    const stage = await openEcho();
    const credentials = stage.cloud.issueCredentials({ durationMs: 60_000 });
    const forged = { ...credentials, securityToken: 'of somebody else' };

    const before = await outcomeOf(stage, version, credentials);
    const withWrongToken = await outcomeOf(stage, version, forged);
    await stage.cloud.clock.advance(60_000);
    const after = await outcomeOf(stage, version, credentials);

    expect(before).toBe('accepted');
    expect(withWrongToken).toContain('SecurityTokenExpired');
    expect(after).toContain('SecurityTokenExpired');
  });

  test('the temporary key that a function receives is refused once it has expired', async () => {
    const code = 'exports.handler = async (event, context) => context.credentials;';
    const stage = await openFc([await aFunction(code, { name: 'echo', service: 'faces' })]);
    const { body } = await stage.fc.invoke('echo', bytes('{}'));
    const credentials = JSON.parse(body.toString()) as Credentials;

    const before = await outcomeOf(stage, version, credentials);
    await stage.cloud.clock.advance(3_600_000);
    const after = await outcomeOf(stage, version, credentials);

    expect(before).toBe('accepted');
    expect(after).toContain('SecurityTokenExpired');
  });
});

describe('requests without a signature', () => {
  test('an unsigned request is refused and runs nothing', async () => {
    const { fc } = await openEcho();

    const response = await fetch(`${fc.url}/2023-03-30/functions/echo/invocations`, {
      method: 'POST',
      body: 'x',
    });

    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ Code: 'SignatureNotMatch', RequestId: expect.any(String) });
    expect(fc.history('echo')).toEqual([]);
  });
});

describe('HTTP triggers', () => {
  test('an HTTP trigger passes the request to the function, whose answer sets status, headers and body', async () => {
    const code = `exports.handler = async (event) => ({
      statusCode: 418, headers: { 'x-kind': 'teapot' }, isBase64Encoded: false, body: event.toString() });`;
    const { fc } = await openFc([await aFunction(code)]);

    const response = await fetch(`${fc.url}/2016-08-15/proxy/faces.LATEST/probe/a%20b?x=1&x=2`, {
      method: 'PUT',
      headers: { 'X-Mixed-Case': 'yes' },
      body: 'hello',
    });

    expect(response.status).toBe(418);
    expect(response.headers.get('x-kind')).toBe('teapot');
    expect(await response.json()).toMatchObject({
      version: 'v1',
      rawPath: '/a%20b',
      body: Buffer.from('hello').toString('base64'),
      isBase64Encoded: true,
      queryParameters: { x: '1,2' },
      requestContext: { http: { method: 'PUT', path: '/a b' } },
    });
  });

  test('an HTTP trigger sends a result that is not an HTTP answer with status 200', async () => {
    const { fc } = await openFc([await aFunction('exports.handler = async () => "plain";')]);

    const response = await fetch(`${fc.url}/2016-08-15/proxy/faces/probe/`);

    expect([response.status, await response.text()]).toEqual([200, 'plain']);
  });
});

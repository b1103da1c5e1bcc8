import Fc2 from '@alicloud/fc2';
import { describe, expect, test } from 'vitest';
import { type Credentials, staticCredentials } from '../../../shared/runtime/credentials.ts';
import { createFunctionCompute2Sink } from '../../../shared/sinks/function-compute-2.ts';
import { createFunctionCompute3Sink } from '../../../shared/sinks/function-compute-3.ts';
import type { EventSink } from '../../../shared/sinks/sink.ts';
import { anEvent } from '../../contracts/event-sink.ts';
import { aFunction, bytes, type FcStage, openFc } from './support.ts';

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
  test('invokes and gets the result, the log and the figures', async () => {
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

  test('is told of a failed function by a header', async () => {
    const stage = await openEcho();

    const { data, headers } = await clientOf(stage).invokeFunction('faces', 'echo', 'fail');

    expect(headers['x-fc-error-type']).toBe('HandledInvocationError');
    expect(data).toMatchObject({ errorMessage: 'told to fail' });
  });

  test('invokes asynchronously', async () => {
    const stage = await openEcho();

    await clientOf(stage).invokeFunction('faces', 'echo', 'hello', { 'x-fc-invocation-type': 'Async' });
    await stage.fc.settled();

    expect(stage.fc.history('echo').map(({ body }) => body.toString())).toEqual(['hello']);
  });

  test.each([
    ['an unknown function', 'faces', 'none', 'FunctionNotFound'],
    ['an unknown service', 'none', 'echo', 'ServiceNotFound'],
  ])('is refused %s', async (_, service, name, code) => {
    const stage = await openEcho();

    await expect(clientOf(stage).invokeFunction(service, name, 'x')).rejects.toMatchObject({ code });
  });

  test.each([
    ['an unknown key', { accessKeyId: 'nobody' }, 'InvalidAccessKeyID'],
    ['a wrong secret', { accessKeySecret: 'wrong' }, 'SignatureNotMatch'],
  ])('is refused %s', async (_, changes, code) => {
    const stage = await openEcho();
    const client = clientOf(stage, { ...stage.cloud.credentials, ...changes });

    await expect(client.invokeFunction('faces', 'echo', 'x')).rejects.toMatchObject({ code });
  });

  test('may send 128 KB asynchronously, and no byte more', async () => {
    const stage = await openEcho();
    const send = (size: number) =>
      clientOf(stage).invokeFunction('faces', 'echo', Buffer.alloc(size, 'a'), {
        'x-fc-invocation-type': 'Async',
      });

    await send(128 * 1024);
    await expect(send(128 * 1024 + 1)).rejects.toMatchObject({ code: 'InvalidArgument' });
  });
});

const signal = new AbortController().signal;

describe.each(['2.0', '3.0'])('our sink of %s', (version) => {
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

  test('delivers an event', async () => {
    const stage = await openEcho();

    const delivery = await sinkOf(stage).deliver(anEvent(), { signal });

    expect(delivery).toEqual({ result: 'accepted' });
    const [run] = stage.fc.history('echo');
    expect(JSON.parse(run!.body.toString())).toMatchObject({ id: anEvent().id, specversion: '1.0' });
  });

  test('is told to deliver again when the function failed, or is not there yet', async () => {
    const stage = await openEcho();
    const failing = anEvent().cloneWith({ note: 'fail' });

    const failed = await sinkOf(stage).deliver(failing, { signal });
    const absent = await sinkOf(stage, { functionName: 'none' }).deliver(anEvent(), { signal });

    expect(failed).toMatchObject({
      result: 'retry',
      reason: expect.stringContaining('HandledInvocationError'),
    });
    expect(absent).toMatchObject({ result: 'retry', reason: expect.stringContaining('FunctionNotFound') });
  });

  test('runs an event once that it delivers twice as a task', async () => {
    const stage = await openEcho();
    const sink = sinkOf(stage, { task: true });

    const first = await sink.deliver(anEvent(), { signal });
    const second = await sink.deliver(anEvent(), { signal });
    await stage.fc.settled();

    expect([first, second]).toEqual([{ result: 'accepted' }, { result: 'accepted' }]);
    expect(stage.fc.history('echo')).toHaveLength(1);
  });
});

describe('3.0', () => {
  test('takes temporary credentials that a function was given, until they expire', async () => {
    const code = 'exports.handler = async (event, context) => context.credentials;';
    const stage = await openFc([await aFunction(code, { name: 'echo' })]);
    const { body } = await stage.fc.invoke('echo', bytes('{}'));
    const credentials = JSON.parse(body.toString()) as Required<Credentials>;
    const deliver = (held: Credentials) =>
      createFunctionCompute3Sink({
        region: stage.cloud.region,
        accountId: stage.cloud.accountId,
        functionName: 'echo',
        invocation: 'sync',
        credentials: staticCredentials(held),
        endpoint: stage.fc.url,
        timeoutMs: 20_000,
        clock: stage.cloud.clock,
        random: Math.random,
      }).deliver(anEvent(), { signal });

    expect(await deliver(credentials)).toEqual({ result: 'accepted' });
    expect(await deliver({ ...credentials, securityToken: 'of somebody else' })).toMatchObject({
      result: 'retry',
      reason: expect.stringContaining('SecurityTokenExpired'),
    });
  });

  test('refuses who does not sign', async () => {
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

describe('an HTTP trigger', () => {
  test('brings the request and takes status, headers and body from the answer', async () => {
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

  test('answers with the value when it is no answer of HTTP', async () => {
    const { fc } = await openFc([await aFunction('exports.handler = async () => "plain";')]);

    const response = await fetch(`${fc.url}/2016-08-15/proxy/faces/probe/`);

    expect([response.status, await response.text()]).toEqual([200, 'plain']);
  });
});

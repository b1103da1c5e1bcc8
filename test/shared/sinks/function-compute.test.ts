import { describe, expect, onTestFinished, test } from 'vitest';
import { manualClock, systemClock } from '../../../shared/runtime/clock.ts';
import { type CredentialProvider, staticCredentials } from '../../../shared/runtime/credentials.ts';
import { AppError } from '../../../shared/runtime/errors.ts';
import { seededRandom } from '../../../shared/runtime/random.ts';
import { createFunctionCompute2Sink } from '../../../shared/sinks/function-compute-2.ts';
import { createFunctionCompute3Sink } from '../../../shared/sinks/function-compute-3.ts';
import { type InvocationOptions, taskIdOf } from '../../../shared/sinks/invocation.ts';
import type { EventSink } from '../../../shared/sinks/sink.ts';
import { anEvent, eventSinkContract, type FarSide, readEvent } from '../../contracts/event-sink.ts';
import {
  fc2ContentMd5,
  fc2Signature,
  fc2StringToSign,
  type Invocation,
  type StubAnswer,
  startFcStub,
} from '../../support/fc-stub.ts';

const SECRETS: Readonly<Record<string, string>> = { testAK: 'testSecret', 'STS.fresh': 'freshSecret' };
const signal = new AbortController().signal;

const SINKS: Readonly<Record<string, (options: InvocationOptions) => EventSink>> = {
  'Function Compute 2.0': (options) => createFunctionCompute2Sink({ serviceName: 'faces', ...options }),
  'Function Compute 3.0': (options) => createFunctionCompute3Sink({ random: seededRandom(1), ...options }),
};

async function openSink(
  create: (options: InvocationOptions) => EventSink,
  answer: (invocation: Invocation) => StubAnswer | 'hang' | 'reset',
  options: Partial<InvocationOptions> = {},
) {
  const stub = await startFcStub((id) => SECRETS[id], answer);
  const sink = create({
    region: 'cn-shanghai',
    accountId: '1000000000000001',
    functionName: 'face-recognition',
    invocation: 'sync',
    credentials: staticCredentials({ accessKeyId: 'testAK', accessKeySecret: 'testSecret' }),
    endpoint: stub.url,
    timeoutMs: 30_000,
    clock: systemClock,
    ...options,
  });
  return { sink, stub };
}

const ANSWERS: Readonly<Record<FarSide, StubAnswer | 'hang' | 'reset'>> = {
  accept: { status: 200 },
  fail: { status: 200, headers: { 'x-fc-error-type': 'UnhandledInvocationError' } },
  overload: {
    status: 429,
    headers: { 'retry-after': '2' },
    error: ['ResourceExhausted', 'too many instances'],
  },
  refuse: { status: 400, error: ['InvalidArgument', 'payload too large'] },
  hang: 'hang',
  break: 'reset',
};

describe.each(Object.entries(SINKS))('%s', (name, create) => {
  eventSinkContract(name, async () => {
    let farSide: FarSide = 'accept';
    const { sink, stub } = await openSink(create, () => ANSWERS[farSide]);
    return {
      sink,
      behave: (as) => {
        farSide = as;
      },
      received: () => stub.invocations.map(({ body }) => readEvent(body)),
      hidesRetryAfter: name === 'Function Compute 2.0',
      async close() {
        await sink.close();
        await stub.close();
      },
    };
  });

  const open = async (...rest: Parameters<typeof openSink> extends [unknown, ...infer R] ? R : never) => {
    const opened = await openSink(create, ...rest);
    onTestFinished(async () => {
      await opened.sink.close();
      await opened.stub.close();
    });
    return opened;
  };

  test(`${name} invokes synchronously, without a task`, async () => {
    const { sink, stub } = await open(() => ({ status: 200 }));

    await sink.deliver(anEvent(), { signal });

    const [invocation] = stub.invocations;
    expect(invocation).toMatchObject({ functionName: 'face-recognition' });
    expect(invocation?.qualifier).toBeUndefined();
    expect(invocation?.headers['x-fc-invocation-type']).toBe('Sync');
    expect(Object.keys(invocation?.headers ?? {}).filter((header) => /task|stateful/.test(header))).toEqual(
      [],
    );
  });

  test(`${name} invokes a version asynchronously, as a task with an id of the event`, async () => {
    const { sink, stub } = await open(() => ({ status: 202 }), {
      invocation: 'async',
      deduplicate: true,
      qualifier: '3',
    });
    const event = anEvent();

    const delivery = await sink.deliver(event, { signal });

    const [invocation] = stub.invocations;
    expect(delivery).toEqual({ result: 'accepted' });
    expect(invocation).toMatchObject({ qualifier: '3' });
    expect(invocation?.headers['x-fc-invocation-type']).toBe('Async');
    expect(
      invocation?.headers['x-fc-async-task-id'] ?? invocation?.headers['x-fc-stateful-async-invocation-id'],
    ).toBe(taskIdOf(event));
  });

  test(`${name} takes an existing task for an event that was accepted before`, async () => {
    const exists: StubAnswer = { status: 409, error: ['StatefulAsyncInvocationAlreadyExists', 'exists'] };
    const { sink } = await open(() => exists, { invocation: 'async', deduplicate: true });

    const delivery = await sink.deliver(anEvent(), { signal });

    expect(delivery).toEqual({ result: 'accepted' });
  });

  test.each([
    [400, 'InvalidArgument', 'rejected', undefined],
    [403, 'AccessDenied', 'retry', undefined],
    [404, 'FunctionNotFound', 'retry', undefined],
    [409, 'Conflict', 'retry', undefined],
    [413, 'EntityTooLarge', 'rejected', undefined],
    [429, 'ResourceExhausted', 'retry', true],
    [500, 'InternalServerError', 'retry', undefined],
    [503, 'ServiceUnavailable', 'retry', true],
  ])(`${name} turns %i %s into %s`, async (status, code, result, overloaded) => {
    const { sink } = await open(() => ({ status, error: [code, 'because'] }));

    const delivery = await sink.deliver(anEvent(), { signal });

    expect(delivery).toMatchObject({
      result,
      reason: `HTTP ${status}, ${code}: because, request id 1-65a0b1c2-000000000001`,
    });
    expect('overloaded' in delivery ? delivery.overloaded : undefined).toBe(overloaded);
  });

  test(`${name} retries an event whose answer came from a gateway`, async () => {
    const { sink } = await open(() => ({ status: 502 }));

    const delivery = await sink.deliver(anEvent(), { signal });

    expect(delivery).toEqual({ result: 'retry', reason: 'HTTP 502, request id 1-65a0b1c2-000000000001' });
  });

  test(`${name} reports how a function failed`, async () => {
    const { sink } = await open(() => ANSWERS.fail);

    const delivery = await sink.deliver(anEvent(), { signal });

    expect(delivery).toEqual({
      result: 'retry',
      reason: 'FunctionFailed: UnhandledInvocationError, request id 1-65a0b1c2-000000000001',
    });
  });

  test(`${name} fetches credentials again once when the token has expired`, async () => {
    const asked: boolean[] = [];
    const credentials: CredentialProvider = async ({ refresh = false } = {}) => {
      asked.push(refresh);
      const token = { securityToken: refresh ? 'fresh' : 'old' };
      return { accessKeyId: 'STS.fresh', accessKeySecret: 'freshSecret', ...token };
    };
    const { sink } = await open(
      ({ headers }) =>
        [headers['x-fc-security-token'], headers['x-acs-security-token']].includes('fresh')
          ? { status: 200 }
          : { status: 403, error: ['InvalidSecurityToken.Expired', 'expired'] },
      { credentials },
    );

    const delivery = await sink.deliver(anEvent(), { signal });

    expect(delivery).toEqual({ result: 'accepted' });
    expect(asked).toEqual([false, true]);
  });

  test(`${name} throws for missing credentials`, async () => {
    const { sink } = await open(() => ({ status: 200 }), {
      credentials: async () => {
        throw new AppError('CredentialsMissing', 'no credentials');
      },
    });

    const delivery = sink.deliver(anEvent(), { signal });

    await expect(delivery).rejects.toMatchObject({ code: 'CredentialsMissing' });
  });

  test(`${name} does not repeat what a service quotes about a signature`, async () => {
    const { sink } = await open(() => ({
      status: 400,
      error: ['SignatureDoesNotMatch', 'you signed: a token'],
    }));

    const delivery = await sink.deliver(anEvent(), { signal });

    expect(delivery).toEqual({
      result: 'retry',
      reason: 'HTTP 400, SignatureDoesNotMatch, request id 1-65a0b1c2-000000000001',
    });
  });

  test(`${name} never shows the secret`, async () => {
    const { sink } = await open(() => ANSWERS.accept, {
      credentials: staticCredentials({ accessKeyId: 'testAK', accessKeySecret: 'wrongSecret' }),
    });

    const delivery = await sink.deliver(anEvent(), { signal });

    expect(delivery).toMatchObject({
      result: 'retry',
      reason: expect.stringContaining('SignatureDoesNotMatch'),
    });
    expect(JSON.stringify(delivery)).not.toMatch(/wrongSecret|Signature=|FC testAK/);
  });

  test.each(['../other', 'a/b', '', 'x'.repeat(129)])(
    'refuses the function name %j',
    async (functionName) => {
      await expect(open(() => ANSWERS.accept, { functionName })).rejects.toMatchObject({
        code: 'ConfigInvalid',
      });
    },
  );
});

test('the sink of Function Compute 3.0 dates its signature by its clock', async () => {
  const clock = manualClock(Date.UTC(2026, 0, 15, 8, 30, 1, 999));
  const { sink, stub } = await openSink(SINKS['Function Compute 3.0']!, () => ({ status: 200 }), { clock });
  onTestFinished(() => stub.close());

  await sink.deliver(anEvent(), { signal });
  await sink.close();

  expect(stub.invocations[0]?.headers['x-acs-date']).toBe('2026-01-15T08:30:01Z');
});

describe('taskIdOf', () => {
  test('taskIdOf returns a valid id, the same for the same event and different for another key', () => {
    const ids = [anEvent('incoming/a.jpg'), anEvent('incoming/a.jpg'), anEvent('incoming/b.jpg')].map(
      taskIdOf,
    );

    expect(ids[0]).toMatch(/^[A-Za-z_][A-Za-z0-9_-]{0,127}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });
});

test("the stub of Function Compute computes the SDK's signature", () => {
  const headers = {
    'content-md5': fc2ContentMd5('{"events":[]}'),
    'content-type': 'application/octet-stream',
    date: 'Thu, 01 Jan 2026 00:00:00 GMT',
    'x-fc-account-id': '123456',
    'x-fc-invocation-type': 'Async',
  };

  const text = fc2StringToSign('POST', '/2016-08-15/services/svc.LATEST/functions/fn/invocations', headers);

  expect(headers['content-md5']).toBe('N2MyOWFlNDlhMjk2ZmFlMzFiN2E4Zjc2MzM2MWQyNGU=');
  expect(fc2Signature('testSecret', text)).toBe('hXD2e3qbb2a64W+jM2KWQtz5uL3hugPJAkLMsb1jZZg=');
});

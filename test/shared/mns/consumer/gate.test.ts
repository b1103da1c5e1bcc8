import { describe, expect, test } from 'vitest';
import { createServiceGate } from '../../../../shared/mns/consumer/gate.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';
import { AppError } from '../../../../shared/runtime/errors.ts';

const unavailable = (retryAfterMs?: number) =>
  new AppError('ServiceUnavailable', 'down', retryAfterMs === undefined ? {} : { retryAfterMs });

function gateOf(random = () => 0) {
  const clock = manualClock();
  const failed: number[] = [];
  const recovered: number[] = [];
  const gate = createServiceGate({
    clock,
    random,
    onFailed: ({ retryInMs }) => void failed.push(retryInMs),
    onRecovered: ({ failures }) => void recovered.push(failures),
  });
  const { signal } = new AbortController();
  const fail = (error: Error = unavailable()) =>
    gate.call(() => Promise.reject(error), signal).catch((e) => e);
  const pass = () => gate.call(async () => 'passed', signal);
  return { clock, gate, failed, recovered, fail, pass };
}

describe('createServiceGate', () => {
  test('the gate is healthy only after an answer', async () => {
    const { gate, pass } = gateOf();

    const before = gate.healthy();
    await pass();

    expect([before, gate.healthy()]).toEqual([false, true]);
  });

  test('the gate lets one probe through after each pause, and all callers after a success', async () => {
    const { clock, gate, fail, failed, recovered } = gateOf();
    const calls: string[] = [];
    const { signal } = new AbortController();
    await fail();
    const first = gate.call(async () => void calls.push('first'), signal);
    const second = gate.call(async () => void calls.push('second'), signal);

    await clock.advance(249);
    const early = [...calls];
    await clock.advance(1);
    await Promise.all([first, second]);

    expect(failed).toEqual([250]);
    expect(early).toEqual([]);
    expect(calls).toEqual(['first', 'second']);
    expect(recovered).toEqual([1]);
  });

  test('the gate waits at least half of a doubling delay, up to half a minute', async () => {
    const { clock, fail, failed } = gateOf();

    for (let turn = 0; turn < 9; turn++) {
      const failure = fail();
      await clock.advance(30_000);
      await failure;
    }

    expect(failed).toEqual([250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  });

  test('the gate waits as long as the service asks', async () => {
    const { fail, failed } = gateOf();

    await fail(unavailable(7_000));

    expect(failed).toEqual([7_000]);
  });

  test('the gate counts calls that fail together as one failure', async () => {
    const { fail, failed } = gateOf();

    await Promise.all([fail(), fail(), fail()]);

    expect(failed).toHaveLength(1);
  });

  test('the gate counts a stale receipt handle as an answer', async () => {
    const { gate, fail, failed } = gateOf();

    await fail(new AppError('MessageNotExist', 'stale'));

    expect(failed).toEqual([]);
    expect(gate.healthy()).toBe(true);
  });

  test('the gate hands an aborted probe to the next caller', async () => {
    const { clock, gate, fail } = gateOf();
    await fail();
    const { signal } = new AbortController();
    const aborted = gate
      .call(() => Promise.reject(new AppError('Aborted', 'stopped')), signal)
      .catch((error: AppError) => error.code);
    const next = gate.call(async () => 'next', signal);

    await clock.advance(250);

    expect(await aborted).toBe('Aborted');
    expect(await next).toBe('next');
  });

  test('the gate rejects a waiting caller when its signal aborts', async () => {
    const { clock, gate, fail, pass } = gateOf();
    await fail();
    const leaving = new AbortController();
    const left = gate.call(async () => 'sent', leaving.signal).catch((error: Error) => error.message);
    const next = pass();

    leaving.abort(new Error('left'));
    await clock.advance(250);

    expect(await left).toBe('left');
    expect(await next).toBe('passed');
  });

  test('the gate adds up to half of the delay by chance', async () => {
    const { fail, failed } = gateOf(() => 0.5);

    await fail();

    expect(failed).toEqual([375]);
  });

  test('the gate is not healthy after a failure, and again after a success', async () => {
    const { clock, gate, fail, pass } = gateOf();
    await pass();
    await fail();
    const failed = gate.healthy();
    await clock.advance(250);
    await pass();

    expect([failed, gate.healthy()]).toEqual([false, true]);
  });

  test('the gate makes no call whose signal has fired', async () => {
    const { gate } = gateOf();
    let calls = 0;

    const call = gate.call(async () => calls++, AbortSignal.abort(new Error('stopped')));

    await expect(call).rejects.toThrow('stopped');
    expect(calls).toBe(0);
  });

  test('the gate lets a single caller probe when nobody waited for the pause', async () => {
    const { clock, gate, fail } = gateOf();
    await fail();
    await clock.advance(250);
    const calls: string[] = [];
    const { signal } = new AbortController();
    let answer = () => {};
    const probe = gate.call(() => new Promise<void>((resolve) => (answer = resolve)), signal);
    const second = gate.call(async () => void calls.push('second'), signal);
    await clock.advance(0);
    const early = [...calls];

    answer();
    await Promise.all([probe, second]);

    expect(early).toEqual([]);
    expect(calls).toEqual(['second']);
  });

  test('a closed gate leaves no timer', async () => {
    const { clock, gate, fail } = gateOf();
    await fail();

    gate.close();

    expect(clock.pending()).toBe(0);
  });

  test.each<[string, (gate: ReturnType<typeof gateOf>) => Promise<unknown>]>([
    ['a recovery', async ({ clock, fail, pass }) => [await fail(), await clock.advance(250), await pass()]],
    ['a stopped call', ({ fail }) => fail(new AppError('Aborted', 'stopped'))],
  ])('a failure after %s makes the next caller wait', async (_what, before) => {
    const opened = gateOf();
    await before(opened);
    await opened.fail();
    let calls = 0;

    const call = opened.gate.call(async () => void calls++, new AbortController().signal);
    await opened.clock.advance(249);
    const early = calls;
    await opened.clock.advance(1);
    await call;

    expect([early, calls]).toEqual([0, 1]);
  });
});

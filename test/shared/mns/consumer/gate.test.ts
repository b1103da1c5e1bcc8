import { describe, expect, test } from 'vitest';
import { createServiceGate } from '../../../../shared/mns/consumer/gate.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';
import { AppError } from '../../../../shared/runtime/errors.ts';

const unavailable = (retryAfterMs?: number) =>
  new AppError('ServiceUnavailable', 'down', retryAfterMs === undefined ? {} : { retryAfterMs });

function gateOf() {
  const clock = manualClock();
  const failed: number[] = [];
  const recovered: number[] = [];
  const gate = createServiceGate({
    clock,
    random: () => 0,
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
});

import { describe, expect, test } from 'vitest';
import { Attempt } from '../../../../shared/mns/consumer/attempt.ts';

const REASON = new Error('stopped');

describe('an attempt', () => {
  test('reaches a signal that was asked for before', () => {
    const attempt = new Attempt(1, () => {});
    const { signal } = attempt;

    attempt.abort(REASON);

    expect([signal.aborted, signal.reason, attempt.isAborted()]).toEqual([true, REASON, true]);
  });

  test('reaches a signal that is asked for afterwards, with the first reason', () => {
    const attempt = new Attempt(1, () => {});

    attempt.abort(REASON);
    attempt.abort(new Error('again'));

    expect([attempt.signal.aborted, attempt.signal.reason]).toEqual([true, REASON]);
  });

  test('has one signal, which is quiet until then', () => {
    const attempt = new Attempt(1, () => {});

    expect(attempt.signal).toBe(attempt.signal);
    expect([attempt.signal.aborted, attempt.isAborted()]).toEqual([false, false]);
  });
});

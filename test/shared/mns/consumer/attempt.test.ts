import { describe, expect, test } from 'vitest';
import { Attempt } from '../../../../shared/mns/consumer/attempt.ts';

const REASON = new Error('stopped');

describe('Attempt', () => {
  test('an attempt aborts a signal that was read before', () => {
    const attempt = new Attempt(1, () => {});
    const { signal } = attempt;

    attempt.abort(REASON);

    expect([signal.aborted, signal.reason, attempt.isAborted()]).toEqual([true, REASON, true]);
  });

  test('an attempt aborts a signal that is read afterwards, with the first reason', () => {
    const attempt = new Attempt(1, () => {});

    attempt.abort(REASON);
    attempt.abort(new Error('again'));

    expect([attempt.signal.aborted, attempt.signal.reason]).toEqual([true, REASON]);
  });

  test('an attempt has one signal, which is not aborted at first', () => {
    const attempt = new Attempt(1, () => {});

    expect(attempt.signal).toBe(attempt.signal);
    expect([attempt.signal.aborted, attempt.isAborted()]).toEqual([false, false]);
  });
});

import { describe, expect, test } from 'vitest';
import { createLazyAbort } from '../../../../shared/mns/consumer/lazy-abort.ts';

const REASON = new Error('stopped');

describe('a lazy abort', () => {
  test('reaches a signal that was asked for before', () => {
    const abort = createLazyAbort();
    const { signal } = abort;

    abort.abort(REASON);

    expect([signal.aborted, signal.reason, abort.isAborted()]).toEqual([true, REASON, true]);
  });

  test('reaches a signal that is asked for afterwards, with the first reason', () => {
    const abort = createLazyAbort();

    abort.abort(REASON);
    abort.abort(new Error('again'));

    expect([abort.signal.aborted, abort.signal.reason]).toEqual([true, REASON]);
  });

  test('has one signal, which is quiet until then', () => {
    const abort = createLazyAbort();

    expect(abort.signal).toBe(abort.signal);
    expect([abort.signal.aborted, abort.isAborted()]).toEqual([false, false]);
  });
});

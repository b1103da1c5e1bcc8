import { describe, expect, test } from 'vitest';
import { createAcknowledger } from '../../../../shared/mns/consumer/acknowledger.ts';
import type { DeleteFailure } from '../../../../shared/mns/queue.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';

type Answer = (handles: readonly string[]) => DeleteFailure[];

function acknowledgerOf(answer: Answer = () => []) {
  const clock = manualClock();
  const batches: string[][] = [];
  const deleted: string[] = [];
  const lost: string[] = [];
  const errors: string[] = [];
  const acknowledger = createAcknowledger({
    clock,
    random: () => 0.5,
    delete: async (handles) => {
      batches.push([...handles]);
      return answer(handles);
    },
    onDeleted: ({ messageId }) => void deleted.push(messageId),
    onFailed: (_items, error) => void errors.push(error.message),
    onLost: ({ messageId }) => void lost.push(messageId),
  });
  const add = (id: string, hiddenMs = 60_000) =>
    acknowledger.add({
      messageId: id,
      receiptHandle: `handle-${id}`,
      expiresAt: clock.monotonic() + hiddenMs,
    });
  return { clock, acknowledger, batches, deleted, lost, add, errors };
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`);
const failure = (receiptHandle: string, code: string): DeleteFailure => ({
  receiptHandle,
  code,
  message: code,
});

describe('acknowledger', () => {
  test('the acknowledger deletes sixteen at once, and the rest after a second', async () => {
    const { clock, batches, add, deleted } = acknowledgerOf();

    for (const id of ids(20)) add(id);
    await clock.advance(999);
    const early = batches.map((batch) => batch.length);
    await clock.advance(1);

    expect(early).toEqual([16]);
    expect(batches.map((batch) => batch.length)).toEqual([16, 4]);
    expect(deleted).toHaveLength(20);
  });

  test('the acknowledger sends a batch before a receipt in it expires', async () => {
    const { clock, batches, add } = acknowledgerOf();

    add('long');
    add('short', 400);
    await clock.advance(200);

    expect(batches).toEqual([['handle-long', 'handle-short']]);
  });

  test('the acknowledger sends a batch soon when no other message is in flight', async () => {
    const { clock, acknowledger, batches, add } = acknowledgerOf();

    add('m0');
    acknowledger.flushSoon();
    await clock.advance(50);

    expect(batches).toEqual([['handle-m0']]);
  });

  test('the acknowledger repeats only the items that failed', async () => {
    let calls = 0;
    const { clock, batches, add, deleted, errors } = acknowledgerOf((handles) =>
      calls++ === 0 ? [failure(handles[1]!, 'InternalError')] : [],
    );

    for (const id of ids(3)) add(id);
    await clock.advance(2_000);

    expect(batches).toEqual([['handle-m0', 'handle-m1', 'handle-m2'], ['handle-m1']]);
    expect(deleted).toEqual(['m0', 'm2', 'm1']);
    expect(errors).toEqual(['delete failed: InternalError: InternalError']);
  });

  test.each(['MessageNotExist', 'ReceiptHandleError'])(
    'the acknowledger reports a message as lost after %s',
    async (code) => {
      const { clock, acknowledger, batches, add, lost } = acknowledgerOf((handles) => [
        failure(handles[0]!, code),
      ]);

      add('m0');
      await clock.advance(60_000);

      expect(lost).toEqual(['m0']);
      expect(batches).toHaveLength(1);
      expect(acknowledger.pending()).toBe(0);
    },
  );

  test('the acknowledger repeats a failed batch until its receipts expire', async () => {
    const { clock, acknowledger, batches, add, lost, errors } = acknowledgerOf(() => {
      throw new Error('connection refused');
    });

    add('m0', 20_000);
    await clock.advance(60_000);

    expect(batches.length).toBeGreaterThan(3);
    expect(errors).toHaveLength(batches.length);
    expect(lost).toEqual(['m0']);
    expect(acknowledger.pending()).toBe(0);
    expect(clock.pending()).toBe(0);
  });

  test('the acknowledger sends everything at once when flushed, later items too', async () => {
    const { acknowledger, add, deleted } = acknowledgerOf();
    const { signal } = new AbortController();

    add('m0');
    await acknowledger.flush(signal);
    add('m1');
    await acknowledger.flush(signal);

    expect(deleted).toEqual(['m0', 'm1']);
  });

  test('the acknowledger does not send soon what is sent sooner anyway, nor when nothing waits', async () => {
    const { clock, acknowledger, batches, add } = acknowledgerOf();
    acknowledger.flushSoon();
    const timers = clock.pending();

    add('m0', 60);
    acknowledger.flushSoon();
    await clock.advance(30);

    expect(timers).toBe(0);
    expect(batches).toHaveLength(1);
    expect(clock.pending()).toBe(0);
  });

  test('a flush sends what waits to be repeated at once', async () => {
    let calls = 0;
    const { clock, acknowledger, add, deleted } = acknowledgerOf(() => {
      if (calls++ === 0) throw new Error('connection refused');
      return [];
    });
    add('m0');
    await clock.advance(1_000);

    await acknowledger.flush(new AbortController().signal);

    expect(deleted).toEqual(['m0']);
    expect(calls).toBe(2);
    expect(clock.pending()).toBe(0);
  });

  test('a flush ends at once when nothing is pending, and when its signal fires', async () => {
    const { acknowledger, add } = acknowledgerOf(() => {
      throw new Error('connection refused');
    });
    const controller = new AbortController();

    await acknowledger.flush(controller.signal);
    add('m0');
    const flush = acknowledger.flush(controller.signal);
    controller.abort();
    await flush;

    expect(acknowledger.pending()).toBe(1);
  });

  test('a flush ends when the last pending message is lost', async () => {
    const { acknowledger, add, lost } = acknowledgerOf((handles) =>
      handles.map((handle) => failure(handle, 'MessageNotExist')),
    );
    add('m0');

    await acknowledger.flush(new AbortController().signal);

    expect(lost).toEqual(['m0']);
  });

  test('a closed acknowledger sends nothing more', async () => {
    const { clock, acknowledger, batches, add } = acknowledgerOf();
    add('m0');

    acknowledger.close();
    await clock.advance(10_000);

    expect(batches).toEqual([]);
  });

  test('a flush ends only when every message is deleted or lost', async () => {
    let confirm: () => void = () => {};
    let calls = 0;
    const clock = manualClock();
    const acknowledger = createAcknowledger({
      clock,
      random: () => 0.5,
      delete: (handles) =>
        calls++ === 0
          ? Promise.resolve(handles.slice(1).map((handle) => failure(handle, 'MessageNotExist')))
          : new Promise((resolve) => {
              confirm = () => resolve([]);
            }),
      onDeleted: () => {},
      onFailed: () => {},
      onLost: () => {},
    });
    for (const messageId of ids(17))
      acknowledger.add({ messageId, receiptHandle: messageId, expiresAt: clock.now() + 60_000 });
    let ended = false;

    const flush = acknowledger.flush(new AbortController().signal).then(() => {
      ended = true;
    });
    await clock.advance(1_000);
    const early = ended;
    confirm();
    await flush;

    expect(early).toBe(false);
    expect(acknowledger.pending()).toBe(0);
  });

  test('after a flush every message is deleted at once', async () => {
    const { clock, acknowledger, add, deleted } = acknowledgerOf();
    await acknowledger.flush(new AbortController().signal);

    add('m0');
    await clock.advance(0);

    expect(deleted).toEqual(['m0']);
  });
});

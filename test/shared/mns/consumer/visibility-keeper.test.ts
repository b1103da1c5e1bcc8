import { describe, expect, test } from 'vitest';
import { keepVisibility } from '../../../../shared/mns/consumer/visibility-keeper.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';
import { AppError } from '../../../../shared/runtime/errors.ts';

type Renew = (receiptHandle: string, signal: AbortSignal) => Promise<{ receiptHandle: string }>;

function keeperOf({
  renew,
  hiddenMs = 30_000,
  maxAgeMs = 600_000,
}: {
  renew?: Renew;
  hiddenMs?: number;
  maxAgeMs?: number;
}) {
  const clock = manualClock();
  const from = clock.monotonic();
  const renewals: { at: number; handle: string }[] = [];
  const events: string[] = [];
  const keeper = keepVisibility({
    clock,
    receipt: { receiptHandle: 'h0', expiresAt: from + hiddenMs },
    seconds: 60,
    maxAgeMs,
    renew: async (handle, signal) => {
      renewals.push({ at: clock.monotonic() - from, handle });
      return renew ? renew(handle, signal) : { receiptHandle: `h${renewals.length}` };
    },
    onRenewed: () => void events.push('renewed'),
    onFailed: () => void events.push('failed'),
    onLost: () => void events.push('lost'),
    onTooOld: () => void events.push('too old'),
  });
  return { clock, from, keeper, renewals, events };
}

describe('keepVisibility', () => {
  test('the visibility keeper renews at half of the time, each time with the newest handle', async () => {
    const { clock, keeper, renewals } = keeperOf({});

    await clock.advance(80_000);
    const receipt = await keeper.stop();

    expect(renewals).toEqual([
      { at: 15_000, handle: 'h0' },
      { at: 45_000, handle: 'h1' },
      { at: 75_000, handle: 'h2' },
    ]);
    expect(receipt).toMatchObject({ receiptHandle: 'h3' });
    expect(clock.pending()).toBe(0);
  });

  test('the visibility keeper renews at once when it is not known how long the message is hidden', async () => {
    const { clock, keeper, renewals } = keeperOf({ hiddenMs: 0 });

    await clock.advance(0);

    expect(renewals).toEqual([{ at: 0, handle: 'h0' }]);
    await keeper.stop();
  });

  test('the visibility keeper repeats a failed renewal before the receipt expires', async () => {
    let calls = 0;
    const { clock, keeper, renewals, events } = keeperOf({
      renew: async () => {
        if (++calls < 3) throw new AppError('ServiceUnavailable', 'down');
        return { receiptHandle: 'new' };
      },
    });

    await clock.advance(29_000);

    expect(renewals.map(({ at }) => at)).toEqual([15_000, 22_500, 26_250]);
    expect(events).toEqual(['failed', 'failed', 'renewed']);
    await keeper.stop();
  });

  test('the visibility keeper returns no receipt after the message was redelivered', async () => {
    const { clock, keeper, renewals, events } = keeperOf({
      renew: async () => {
        throw new AppError('MessageNotExist', 'stale');
      },
    });

    await clock.advance(100_000);

    expect(await keeper.stop()).toBeUndefined();
    expect(events).toEqual(['lost']);
    expect(renewals).toHaveLength(1);
  });

  test('the visibility keeper stops renewing at the maximum age', async () => {
    const { clock, renewals, events } = keeperOf({ maxAgeMs: 50_000 });

    await clock.advance(1_000_000);

    expect(events).toEqual(['renewed', 'renewed', 'too old']);
    expect(renewals).toHaveLength(2);
    expect(clock.pending()).toBe(0);
  });

  test('the visibility keeper waits on stop for the running renewal and returns its handle', async () => {
    let answer = () => {};
    const { clock, from, keeper } = keeperOf({
      renew: () =>
        new Promise((resolve) => {
          answer = () => resolve({ receiptHandle: 'late' });
        }),
    });
    await clock.advance(15_000);

    const stopped = keeper.stop();
    answer();

    expect(await stopped).toEqual({ receiptHandle: 'late', expiresAt: from + 75_000 });
    expect(clock.pending()).toBe(0);
  });

  test('the visibility keeper aborts on stop a renewal that has not been sent', async () => {
    const { clock, keeper, events } = keeperOf({
      renew: (_, signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    await clock.advance(15_000);

    const receipt = await keeper.stop();

    expect(receipt).toMatchObject({ receiptHandle: 'h0' });
    expect(events).toEqual([]);
  });
});

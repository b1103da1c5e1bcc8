import type { Clock } from '../../runtime/clock.ts';
import { type AppError, isAppError, toAppError } from '../../runtime/errors.ts';

/** A receipt handle that is valid until `expiresAt` (by `clock.monotonic()`). */
export interface Receipt {
  readonly receiptHandle: string;
  readonly expiresAt: number;
}

/** Keeps one message hidden from others while it is in flight. */
export interface VisibilityKeeper {
  /** The newest receipt, once no renewal is under way; undefined when the message was lost. */
  stop(): Promise<Receipt | undefined>;
}

export interface KeeperOptions {
  readonly clock: Clock;
  readonly receipt: Receipt;
  /** Seconds that each renewal hides the message. */
  readonly seconds: number;
  /** Milliseconds from now after which renewing ends and the message reappears by itself. */
  readonly maxAgeMs: number;
  /** `signal` aborts a renewal that has not been sent yet. */
  readonly renew: (receiptHandle: string, signal: AbortSignal) => Promise<{ receiptHandle: string }>;
  readonly onRenewed: () => void;
  readonly onFailed: (error: AppError) => void;
  readonly onLost: () => void;
  readonly onTooOld: () => void;
}

/** The shortest pause before a failed renewal is repeated, however short the visibility is. */
const MIN_RETRY_MS = 250;

/** Renews when half of the time has passed, so that a failed renewal can be repeated. */
export function keepVisibility(options: KeeperOptions): VisibilityKeeper {
  const { clock, seconds } = options;
  const bornAt = clock.monotonic();
  let receipt: Receipt | undefined = options.receipt;
  let renewal: Promise<void> | undefined;
  let unsent: AbortController | undefined;
  let stopped = false;
  let cancel = schedule(bornAt, receipt.expiresAt);

  /** Sets the timer of the next renewal, or of the end. */
  function schedule(from: number, expiresAt: number, shortest = 0): () => void {
    const half = Math.max(shortest, (expiresAt - from) / 2);
    const oldestAt = bornAt + options.maxAgeMs;
    return clock.after(Math.min(from + half, oldestAt) - clock.monotonic(), () => {
      if (clock.monotonic() >= oldestAt) return options.onTooOld();
      renewal = renew().finally(() => {
        renewal = undefined;
      });
    });
  }

  /** One renewal, and what follows from it. */
  async function renew(): Promise<void> {
    if (!receipt) return;
    // Counted from before the call: the service cannot have hidden the message earlier than that.
    const from = clock.monotonic();
    unsent = new AbortController();
    try {
      const { receiptHandle } = await options.renew(receipt.receiptHandle, unsent.signal);
      receipt = { receiptHandle, expiresAt: from + seconds * 1000 };
      options.onRenewed();
      if (!stopped) cancel = schedule(from, receipt.expiresAt);
    } catch (thrown) {
      const error = toAppError(thrown);
      if (isAppError(error, 'MessageNotExist')) {
        receipt = undefined;
        options.onLost();
        return;
      }
      if (stopped) return;
      options.onFailed(error);
      cancel = schedule(clock.monotonic(), receipt.expiresAt, MIN_RETRY_MS);
    }
  }

  return {
    async stop() {
      stopped = true;
      cancel();
      unsent?.abort();
      await renewal;
      return receipt;
    },
  };
}

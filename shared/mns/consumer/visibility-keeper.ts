import type { Clock } from '../../runtime/clock.ts';
import { type AppError, isAppError, toAppError } from '../../runtime/errors.ts';

/** A receipt handle that is good until `expiresAt` (milliseconds since the epoch, by the local clock). */
export interface Receipt {
  readonly receiptHandle: string;
  readonly expiresAt: number;
}

/** Keeps one message hidden from others for as long as it is worked on. */
export interface VisibilityKeeper {
  /** The newest receipt, once no renewal is under way; undefined when the message was lost. */
  stop(): Promise<Receipt | undefined>;
}

export interface KeeperOptions {
  readonly clock: Clock;
  readonly receipt: Receipt;
  /** Seconds that each renewal hides the message. */
  readonly seconds: number;
  /** Renewing ends this many milliseconds after now; the message then reappears by itself. */
  readonly maxAgeMs: number;
  /** `signal` ends a renewal that has not been sent yet. */
  readonly renew: (receiptHandle: string, signal: AbortSignal) => Promise<{ receiptHandle: string }>;
  readonly onRenewed: () => void;
  readonly onFailed: (error: AppError) => void;
  readonly onLost: () => void;
  readonly onTooOld: () => void;
}

/** A failed renewal is repeated no sooner than this, however short the visibility is. */
const MIN_RETRY_MS = 250;

/** Renews when half of the time has passed, so that a failed renewal leaves time for others. */
export function keepVisibility(options: KeeperOptions): VisibilityKeeper {
  const { clock, seconds } = options;
  const bornAt = clock.now();
  let receipt: Receipt | undefined = options.receipt;
  let renewal: Promise<void> | undefined;
  let unsent: AbortController | undefined;
  let stopped = false;
  let cancel = schedule(bornAt, receipt.expiresAt);

  function schedule(from: number, expiresAt: number, shortest = 0): () => void {
    const half = Math.max(shortest, (expiresAt - from) / 2);
    const oldestAt = bornAt + options.maxAgeMs;
    return clock.after(Math.min(from + half, oldestAt) - clock.now(), () => {
      if (clock.now() >= oldestAt) return options.onTooOld();
      renewal = renew().finally(() => {
        renewal = undefined;
      });
    });
  }

  async function renew(): Promise<void> {
    if (!receipt) return;
    // Counted from before the call: the service cannot have hidden it earlier, so we never believe too long.
    const from = clock.now();
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
      cancel = schedule(clock.now(), receipt.expiresAt, MIN_RETRY_MS);
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

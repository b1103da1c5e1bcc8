import { onAbort } from '../../runtime/abort.ts';
import type { Clock } from '../../runtime/clock.ts';
import { AppError, toAppError } from '../../runtime/errors.ts';
import type { Random } from '../../runtime/random.ts';
import { backoffDelay } from '../../runtime/retry.ts';
import { MAX_BATCH } from '../limits.ts';
import type { DeleteFailure } from '../queue.ts';
import type { Receipt } from './visibility-keeper.ts';

export interface Acknowledgement extends Receipt {
  readonly messageId: string;
}

/** Deletes finished messages in batches. */
export interface Acknowledger {
  add(item: Acknowledgement): void;
  /** Sends a batch that is not full soon, because no other message is in flight. */
  flushSoon(): void;
  /** Messages handed in and not yet known to be deleted or lost. */
  pending(): number;
  /**
   * Sends what waits, repeats included; from now on nothing lingers. Resolves when nothing is pending or the signal
   * aborts.
   */
  flush(signal: AbortSignal): Promise<void>;
  /** Cancels what waits. Pending messages reappear after their visibility timeout. */
  close(): void;
}

export interface AcknowledgerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly delete: (receiptHandles: readonly string[]) => Promise<DeleteFailure[]>;
  readonly onDeleted: (item: Acknowledgement) => void;
  readonly onFailed: (items: readonly Acknowledgement[], error: AppError) => void;
  /** The receipt handle expired before the message could be deleted. */
  readonly onLost: (item: Acknowledgement) => void;
}

/** Milliseconds that the first of a batch waits for others. */
const LINGER_MS = 1000;
/** The same when no other message is in flight. */
const FLUSH_SOON_MS = 50;
const RETRY = { baseMs: 250, capMs: 10_000 };
/** Answers after which the same handle never works again. */
const STALE = new Set(['MessageNotExist', 'ReceiptHandleError']);

interface Entry {
  readonly item: Acknowledgement;
  readonly attempt: number;
}

export function createAcknowledger(options: AcknowledgerOptions): Acknowledger {
  const { clock, random } = options;
  const waiting: Entry[] = [];
  let pending = 0;
  let flushing = false;
  let sendAt = Number.POSITIVE_INFINITY;
  let cancelSend = () => {};
  const retries = new Map<() => void, Entry[]>();
  let onEmpty = () => {};

  /** Puts a message into the next batch and decides when that is sent. */
  function enqueue(entry: Entry): void {
    waiting.push(entry);
    if (waiting.length >= MAX_BATCH || flushing) {
      sendAll();
      return;
    }
    // Half of what is left of the visibility stays for the delete itself and for one repeat.
    sendWithin(Math.max(0, Math.min(LINGER_MS, (entry.item.expiresAt - clock.monotonic()) / 2)));
  }

  /** Sends the batch after `ms`, unless it is sent sooner anyway. */
  function sendWithin(ms: number): void {
    const at = clock.monotonic() + ms;
    if (at >= sendAt) return;
    cancelSend();
    sendAt = at;
    cancelSend = clock.after(ms, sendAll);
  }

  /** Sends everything that waits, in as few requests as MNS allows. */
  function sendAll(): void {
    cancelSend();
    sendAt = Number.POSITIVE_INFINITY;
    while (waiting.length > 0) void send(waiting.splice(0, MAX_BATCH));
  }

  /** One delete request. A failure is repeated, message by message if MNS tells them apart. */
  async function send(batch: Entry[]): Promise<void> {
    try {
      const failures = await options.delete(batch.map(({ item }) => item.receiptHandle));
      if (failures.length === 0) return batch.forEach(deleted);
      settleEach(batch, new Map(failures.map((failure) => [failure.receiptHandle, failure])));
    } catch (thrown) {
      again(batch, toAppError(thrown));
    }
  }

  /** Splits a batch of which some deletes failed. */
  function settleEach(batch: Entry[], failures: ReadonlyMap<string, DeleteFailure>): void {
    const failed: Entry[] = [];
    let last: DeleteFailure | undefined;
    for (const entry of batch) {
      const failure = failures.get(entry.item.receiptHandle);
      if (!failure) deleted(entry);
      else if (STALE.has(failure.code)) lost(entry);
      else {
        failed.push(entry);
        last = failure;
      }
    }
    if (!last) return;
    again(failed, new AppError('ServiceUnavailable', `delete failed: ${last.code}: ${last.message}`));
  }

  /** Repeats until the receipts expire, because a later delete could only fail. */
  function again(batch: Entry[], error: AppError): void {
    options.onFailed(
      batch.map(({ item }) => item),
      error,
    );
    const alive = batch.filter((entry) => {
      if (clock.monotonic() < entry.item.expiresAt) return true;
      lost(entry);
      return false;
    });
    if (alive.length === 0) return;
    const attempt = Math.max(...alive.map((entry) => entry.attempt));
    const repeated = alive.map(({ item }) => ({ item, attempt: attempt + 1 }));
    const cancel = clock.after(backoffDelay(attempt, RETRY, random), () => {
      retries.delete(cancel);
      void send(repeated);
    });
    retries.set(cancel, repeated);
  }

  function deleted({ item }: Entry): void {
    pending--;
    options.onDeleted(item);
    if (pending === 0) onEmpty();
  }

  function lost({ item }: Entry): void {
    pending--;
    options.onLost(item);
    if (pending === 0) onEmpty();
  }

  return {
    add(item) {
      pending++;
      enqueue({ item, attempt: 0 });
    },
    flushSoon() {
      if (waiting.length > 0) sendWithin(FLUSH_SOON_MS);
    },
    pending: () => pending,
    async flush(signal) {
      flushing = true;
      if (pending === 0) return;
      for (const [cancel, entries] of retries) {
        cancel();
        void send(entries);
      }
      retries.clear();
      sendAll();
      await new Promise<void>((resolve) => {
        onEmpty = resolve;
        onAbort(signal, resolve);
        if (pending === 0) resolve();
      });
    },
    close() {
      cancelSend();
      for (const cancel of retries.keys()) cancel();
      retries.clear();
    },
  };
}

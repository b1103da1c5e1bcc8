import type { Clock } from '../../runtime/clock.ts';
import { type MnsossError, toMnsossError } from '../../runtime/errors.ts';
import type { Random } from '../../runtime/random.ts';
import { backoffDelay } from '../../runtime/retry.ts';
import type { MessageQueue, ReceivedMessage } from '../queue.ts';
import type { ServiceGate } from './gate.ts';

/** Asks the queue for what fits, and no more. */
export interface Receiver {
  /** Looks whether to ask now; called whenever room appears. */
  pump(): void;
  /** Messages asked for and not yet answered; they count as room taken. */
  reserved(): number;
  /** Aborts the long poll that waits; resolves when every request has ended. */
  stop(): Promise<void>;
}

export interface ReceiverOptions {
  readonly queue: MessageQueue;
  readonly gate: ServiceGate;
  readonly clock: Clock;
  readonly random: Random;
  /** Seconds of a long poll, 0–30. */
  readonly waitSeconds: () => number;
  /** Requests at once while the queue is not empty. */
  readonly maxReceives: number;
  /** Messages that would fit now. */
  readonly room: () => number;
  /** Room to wait for before asking again, so that a busy consumer asks seldom. */
  readonly worthwhile: () => number;
  readonly onMessages: (messages: readonly ReceivedMessage[], requested: number) => void;
  readonly onFailed: (error: MnsossError) => void;
}

/** MNS's batch limit. */
const BATCH = 16;
/** Milliseconds that too little room waits for more. */
const REFILL_MS = 100;
/** After a long poll that found nothing: replicas that started together drift apart. */
const IDLE_JITTER_MS = 200;
/** After empty answers that came at once: the service limits long polls and then does not wait. */
const QUICK_EMPTY = { baseMs: 500, capMs: 10_000 };

export function createReceiver(options: ReceiverOptions): Receiver {
  const { queue, gate, clock, random } = options;
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();
  let reserved = 0;
  /** The last answer was as full as it could be: more messages are likely to wait. */
  let backlog = false;
  let quickEmpties = 0;
  let restUntil = Number.NEGATIVE_INFINITY;
  let roomSince: number | undefined;
  let wakeAt = Number.POSITIVE_INFINITY;
  let cancelWake = () => {};

  function pump(): void {
    while (!stopping.signal.aborted) {
      const room = Math.min(BATCH, options.room() - reserved);
      if (!isDue(room)) return;
      roomSince = undefined;
      const request = receive(room).finally(() => {
        running.delete(request);
        pump();
      });
      running.add(request);
    }
  }

  function isDue(room: number): boolean {
    if (room < 1) {
      roomSince = undefined;
      return false;
    }
    if (running.size >= (backlog ? options.maxReceives : 1)) return false;
    const now = clock.now();
    if (now < restUntil) return wake(restUntil);
    if (room >= Math.min(BATCH, options.worthwhile())) return true;
    roomSince ??= now;
    return now - roomSince >= REFILL_MS || wake(roomSince + REFILL_MS);
  }

  function wake(at: number): false {
    if (at >= wakeAt) return false;
    cancelWake();
    wakeAt = at;
    cancelWake = clock.after(at - clock.now(), () => {
      wakeAt = Number.POSITIVE_INFINITY;
      pump();
    });
    return false;
  }

  async function receive(max: number): Promise<void> {
    reserved += max;
    const first = running.size === 0;
    let waitSeconds = 0;
    let askedAt = 0;
    try {
      const messages = await gate.call(() => {
        // The first request, and each after a failure, is short: it tells soon whether the service answers.
        waitSeconds = first && gate.healthy() ? options.waitSeconds() : 0;
        askedAt = clock.now();
        return queue.receive({ max, waitSeconds, signal: stopping.signal });
      }, stopping.signal);
      reserved -= max;
      backlog = messages.length === max;
      rest(messages.length, waitSeconds * 1000, clock.now() - askedAt);
      options.onMessages(messages, max);
    } catch (thrown) {
      reserved -= max;
      backlog = false;
      if (!stopping.signal.aborted) options.onFailed(toMnsossError(thrown));
    }
  }

  function rest(received: number, waitMs: number, tookMs: number): void {
    if (received > 0) quickEmpties = 0;
    if (received > 0 || waitMs === 0) return;
    const quick = tookMs < waitMs / 2;
    const delay = quick
      ? backoffDelay(quickEmpties++, QUICK_EMPTY, () => (1 + random()) / 2)
      : random() * IDLE_JITTER_MS;
    if (!quick) quickEmpties = 0;
    restUntil = clock.now() + delay;
  }

  return {
    pump,
    reserved: () => reserved,
    async stop() {
      cancelWake();
      stopping.abort(new DOMException('the consumer stops', 'AbortError'));
      while (running.size > 0) await Promise.all(running);
    },
  };
}

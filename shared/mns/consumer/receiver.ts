import type { Clock } from '../../runtime/clock.ts';
import { type AppError, toAppError } from '../../runtime/errors.ts';
import type { Random } from '../../runtime/random.ts';
import { backoffDelay } from '../../runtime/retry.ts';
import { MAX_BATCH } from '../limits.ts';
import type { MessageQueue, ReceivedMessage } from '../queue.ts';
import type { ServiceGate } from './gate.ts';

/** Receives as many messages as fit, and no more. */
export interface Receiver {
  /** Sends a request if one is due. Called whenever there may be room. */
  pump(): void;
  /**
   * Sends no more requests and aborts the long poll that waits. A request that was just sent may still bring messages.
   * Resolves when every request has ended.
   */
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
  /** Room to wait for before the next request, so that a busy consumer sends few. */
  readonly minRoomToPoll: () => number;
  /** Nothing is in flight: any room is worth asking for. */
  readonly isIdle: () => boolean;
  readonly onMessages: (messages: readonly ReceivedMessage[], requested: number) => void;
  readonly onFailed: (error: AppError) => void;
}

/** Milliseconds after which a request is sent even if there is room for only a few messages. */
const REFILL_MS = 100;
/** An older request is a long poll that waits: when it is aborted, no messages are on their way. */
const PARKED_MS = 500;
/** Pause after a long poll that found nothing, so that replicas that started together drift apart. */
const IDLE_JITTER_MS = 200;
/** Pause after empty answers that came at once: beyond its limit of long polls, the service does not wait. */
const QUICK_EMPTY = { baseMs: 500, capMs: 10_000 };

export function createReceiver(options: ReceiverOptions): Receiver {
  const { queue, gate, clock, random } = options;
  const running = new Set<Promise<void>>();
  const asked: { readonly at: number; readonly ending: AbortController }[] = [];
  const stopping = new AbortController();
  let reserved = 0;
  /** The last answer was full, so more messages are likely to wait. */
  let backlog = false;
  let quickEmpties = 0;
  let restUntil = Number.NEGATIVE_INFINITY;
  let roomSince: number | undefined;
  let wakeAt = Number.POSITIVE_INFINITY;
  let cancelWake = () => {};
  let isAwake = false;

  function pump(): void {
    while (!stopping.signal.aborted) {
      const room = Math.min(MAX_BATCH, options.room() - reserved);
      if (!isDue(room)) return;
      roomSince = undefined;
      const request = receive(room).finally(() => {
        running.delete(request);
        pump();
      });
      running.add(request);
    }
  }

  /** Whether to send a request now. Otherwise sets the timer for the next look. */
  function isDue(room: number): boolean {
    if (room < 1) {
      roomSince = undefined;
      return false;
    }
    if (running.size >= (backlog ? options.maxReceives : 1)) return false;
    const now = clock.monotonic();
    if (now < restUntil) return wake(restUntil);
    if (room >= MAX_BATCH || (running.size === 0 && options.isIdle())) return true;
    // Messages that finish together make room together: one event-loop turn later, one request is enough for all of it.
    if (room >= options.minRoomToPoll()) return isAwake || wake(now);
    roomSince ??= now;
    return now - roomSince >= REFILL_MS || wake(roomSince + REFILL_MS);
  }

  /** Calls `pump` at that time, or earlier if something else does. Returns false for `isDue`. */
  function wake(at: number): false {
    if (at >= wakeAt) return false;
    cancelWake();
    wakeAt = at;
    cancelWake = clock.after(at - clock.monotonic(), () => {
      wakeAt = Number.POSITIVE_INFINITY;
      isAwake = true;
      pump();
      isAwake = false;
    });
    return false;
  }

  /** One request from its reservation to its messages. */
  async function receive(max: number): Promise<void> {
    reserved += max;
    const alone = running.size === 0;
    try {
      const { messages, restMs } = await gate.call(() => ask(max, alone), stopping.signal);
      reserved -= max;
      backlog = messages.length === max;
      restUntil = clock.monotonic() + restMs;
      options.onMessages(messages, max);
    } catch (thrown) {
      reserved -= max;
      backlog = false;
      if (!stopping.signal.aborted) options.onFailed(toAppError(thrown));
    }
  }

  /** Sends the request, and finds out how long to rest after it. */
  async function ask(max: number, alone: boolean) {
    // The first request and each after a failure are short, to learn soon whether the service answers.
    const waitSeconds = alone && gate.healthy() ? options.waitSeconds() : 0;
    const request = { at: clock.monotonic(), ending: new AbortController() };
    asked.push(request);
    try {
      const messages = await queue.receive({ max, waitSeconds, signal: request.ending.signal });
      if (messages.length > 0) quickEmpties = 0;
      const rests = messages.length === 0 && alone && waitSeconds === options.waitSeconds();
      return { messages, restMs: rests ? restOf(waitSeconds * 1000, clock.monotonic() - request.at) : 0 };
    } finally {
      asked.splice(asked.indexOf(request), 1);
    }
  }

  /** Milliseconds to rest after an empty answer. */
  function restOf(waitMs: number, tookMs: number): number {
    if (waitMs > 0 && tookMs >= waitMs / 2) {
      quickEmpties = 0;
      return random() * IDLE_JITTER_MS;
    }
    return backoffDelay(quickEmpties++, QUICK_EMPTY, () => (1 + random()) / 2);
  }

  return {
    pump,
    async stop() {
      cancelWake();
      stopping.abort(new DOMException('the consumer stops', 'AbortError'));
      const cancels = asked.map(({ at, ending }) => {
        const end = () => ending.abort(stopping.signal.reason);
        const parkedInMs = at + PARKED_MS - clock.monotonic();
        return parkedInMs > 0 ? clock.after(parkedInMs, end) : end();
      });
      while (running.size > 0) await Promise.all(running);
      for (const cancel of cancels) cancel?.();
    },
  };
}

import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import { createRecentMap } from '../../runtime/recent.ts';
import type { ReceivedMessage } from '../queue.ts';

/** Tells a sink that takes nothing from messages that it does not take: one failure is evidence of either. */
export interface SinkHealth {
  /** A delivery begins. */
  began(): void;
  /** The sink accepted or finally refused something. */
  answered(): void;
  /** An attempt at the message failed. `overloaded`: because of how much the sink had to do. */
  failed(message: Pick<ReceivedMessage, 'messageId' | 'dequeueCount'>, overloaded: boolean): void;
  /** The message has left for good. */
  forget(messageId: string): void;
  /** Whether nothing has succeeded for so long that a failure says nothing about its message. */
  seemsDown(): boolean;
  /** Whether it has seemed down for so long that no message can be the reason. */
  isDown(): boolean;
  /** Milliseconds until another delivery may begin, when nothing has succeeded for long; 0 when it may begin now. */
  pauseMs(): number;
  /** Whether a delivery of the message failed before. */
  hasFailed(messageId: string): boolean;
  /** Whether others succeeded after the message had failed: its failures say nothing about the sink. */
  isSuspect(messageId: string): boolean;
  /** Whether the last delivery of the message does not count against it. */
  isSpared(messageId: string): boolean;
  /** How many deliveries of the message do not count against it. */
  sparedDeliveries(messageId: string): number;
}

/** Failures in a row, of messages that are no suspects, after which the sink seems down. */
const FAILURES_UNTIL_DOWN = 5;
/** Rounds of failures in which every handler took part, after which deliveries are paced. */
const ROUNDS_UNTIL_PACED = 2;
/** A sink that seems down for longer than this is down. Messages that fail meanwhile are not to blame. */
const LONG_OUTAGE_MS = 60_000;
/**
 * While deliveries are paced, the time between two of them is this part of the time since that began. So twenty bad messages
 * at the head of a queue cost a fraction of a second, and a sink that is really down soon sees few requests.
 */
const PACE = { share: 0.04, minMs: 5, maxMs: 2_000 };
const MAX_REMEMBERED = 10_000;

/** What is known about one message that failed. */
interface Failures {
  /** Between which two successes it failed first, and last. */
  first: number;
  last: number;
  /** The number of the last delivery, and whether it counts against the message; `later`: once another message succeeds. */
  readonly delivery: number;
  counts: 'yes' | 'no' | 'later';
  /** Earlier deliveries that do not count. */
  spared: number;
}

export interface SinkHealthOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Handlers that may run at once. */
  readonly concurrency: () => number;
}

export function createSinkHealth({ clock, random, concurrency }: SinkHealthOptions): SinkHealth {
  const messages = createRecentMap<string, Failures>(MAX_REMEMBERED);
  /** Number of the present time between two successes. */
  let span = 0;
  /** The spans in which the sink was down. */
  const outages = new Set<number>();
  let failuresInARow = 0;
  let downSince = 0;
  let pacedSince: number | undefined;
  let nextAt = Number.NEGATIVE_INFINITY;

  const seemsDown = () => failuresInARow >= FAILURES_UNTIL_DOWN;
  const isDown = () => seemsDown() && clock.monotonic() - downSince >= LONG_OUTAGE_MS;

  /** What is known now: successes since the last failure have decided about it. */
  function find(messageId: string): Failures | undefined {
    const known = messages.get(messageId);
    if (!known || known.last === span) return known;
    if (known.counts === 'later') known.counts = outages.has(known.last) ? 'no' : 'yes';
    if (outages.has(known.first)) known.first = span;
    return known;
  }

  return {
    seemsDown,
    isDown,
    began() {
      if (pacedSince === undefined) return;
      const wish = PACE.share * (clock.monotonic() - pacedSince);
      const interval = Math.min(PACE.maxMs, Math.max(PACE.minMs, wish));
      // Replicas that noticed the outage together drift apart.
      nextAt = clock.monotonic() + interval * (0.75 + random() / 2);
    },
    answered() {
      if (isDown()) outages.add(span);
      failuresInARow = 0;
      pacedSince = undefined;
      span++;
    },
    failed({ messageId, dequeueCount: delivery }, overloaded) {
      const known = find(messageId);
      if (!known || known.first === span) {
        failuresInARow++;
        if (failuresInARow === FAILURES_UNTIL_DOWN) downSince = clock.monotonic();
        if (seemsDown() && failuresInARow >= ROUNDS_UNTIL_PACED * concurrency())
          pacedSince ??= clock.monotonic();
      }
      // One that still waits for a success says nothing: the sink has been down all the time.
      const sparesLast = known !== undefined && known.delivery !== delivery && known.counts !== 'yes';
      messages.set(messageId, {
        first: known?.first ?? span,
        last: span,
        delivery,
        counts: overloaded ? 'no' : seemsDown() ? 'later' : 'yes',
        spared: (known?.spared ?? 0) + Number(sparesLast),
      });
    },
    forget: messages.delete,
    pauseMs: () => (pacedSince === undefined ? 0 : Math.max(0, nextAt - clock.monotonic())),
    hasFailed: messages.has,
    isSuspect(messageId) {
      const known = find(messageId);
      return known !== undefined && known.first !== span;
    },
    isSpared: (messageId) => (find(messageId)?.counts ?? 'yes') !== 'yes',
    sparedDeliveries(messageId) {
      const known = find(messageId);
      return known ? known.spared + Number(known.counts !== 'yes') : 0;
    },
  };
}

import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import { backoffDelay } from '../../runtime/retry.ts';

/** Bounds how many handlers run at once, and adapts the bound to what the sink can take. */
export interface Limiter {
  /** A whole number, at least 1. */
  limit(): number;
  /** Milliseconds until another handler may begin; 0 when it may begin now. */
  pauseMs(): number;
  succeeded(): void;
  /** `startedAt` is when the handler that was refused began. */
  overloaded(startedAt: number, retryAfterMs?: number): void;
  setMax(max: number): void;
}

const PAUSE = { baseMs: 500, capMs: 30_000 };

/**
 * Additive increase, multiplicative decrease: each success adds 1/limit, so one round of successes adds one; an
 * overload halves. Handlers that began before the last decrease belong to the round that caused it, and do not
 * decrease again. At the bottom, growing pauses take over.
 */
export function createLimiter(options: { max: number; clock: Clock; random: Random }): Limiter {
  const { clock, random } = options;
  let max = options.max;
  let limit = max;
  let decreasedAt = Number.NEGATIVE_INFINITY;
  let resumesAt = Number.NEGATIVE_INFINITY;
  let pauses = 0;

  const pauseFor = (ms: number) => {
    resumesAt = Math.max(resumesAt, clock.monotonic() + Math.min(ms, PAUSE.capMs));
  };

  return {
    limit: () => Math.floor(limit),
    pauseMs: () => Math.max(0, resumesAt - clock.monotonic()),
    succeeded() {
      pauses = 0;
      limit = Math.min(max, limit + 1 / limit);
    },
    overloaded(startedAt, retryAfterMs) {
      const atBottom = limit < 2;
      if (startedAt >= decreasedAt) {
        limit = Math.max(1, limit / 2);
        decreasedAt = clock.monotonic();
      }
      if (retryAfterMs !== undefined) pauseFor(retryAfterMs);
      else if (atBottom) pauseFor(backoffDelay(pauses++, PAUSE, random));
    },
    setMax(value) {
      max = value;
      limit = Math.min(limit, max);
    },
  };
}

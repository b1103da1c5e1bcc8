import { type Clock, isTravelling } from '../../shared/runtime/clock.ts';

/** doc: the same for all services. */
export const MAX_SKEW_MS = 15 * 60_000;

/**
 * Whether a request was signed too long before or after now, or at no valid time. Client clocks do not follow
 * `clock.advance()`.
 */
export function isSkewed(signedAt: number, clock: Clock): boolean {
  const ahead = isTravelling(clock) ? clock.ahead() : 0;
  return !(Math.abs(clock.now() - ahead - signedAt) <= MAX_SKEW_MS);
}

import { type Clock, isTravelling } from '../../shared/runtime/clock.ts';

/** doc: of all services. */
export const MAX_SKEW_MS = 15 * 60_000;

/** Whether a request was signed too long before or after. Senders do not travel along with a clock taken ahead. */
export function isSkewed(signedAt: number, clock: Clock): boolean {
  const ahead = isTravelling(clock) ? clock.ahead() : 0;
  return Math.abs(clock.now() - ahead - signedAt) > MAX_SKEW_MS;
}

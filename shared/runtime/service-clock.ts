import type { Clock } from './clock.ts';

/** The time of a service that refuses requests whose date is far from its own. */
export interface ServiceClock {
  /** Milliseconds since the epoch, as the service counts them. */
  now(): number;
  /** Takes over the service's time from the `Date` header of its answer; false when that cannot be read. */
  correct(dateHeader: string | undefined): boolean;
}

export function createServiceClock(clock: Clock): ServiceClock {
  let offset = 0;
  return {
    now: () => clock.now() + offset,
    correct(dateHeader) {
      const served = Date.parse(dateHeader ?? '');
      if (Number.isNaN(served)) return false;
      offset = served - clock.now();
      return true;
    },
  };
}

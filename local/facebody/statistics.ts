import type { Clock } from '../../shared/runtime/clock.ts';
import type { FaceBodyErrorCode } from './errors.ts';

/** The requests of one operation; `PostObject` counts uploads. */
export interface OperationStats {
  readonly received: number;
  /** Answered without an error. */
  readonly answered: number;
  /** Refused, by error code. */
  readonly failed: Readonly<Partial<Record<FaceBodyErrorCode, number>>>;
  /** The most requests, including refused ones, in one of the seconds in which quotas are counted. */
  readonly busiestSecond: number;
}

export interface Statistics {
  received(operation: string): void;
  answered(operation: string): void;
  failed(operation: string, code: FaceBodyErrorCode): void;
  snapshot(): Record<string, OperationStats>;
  clear(): void;
}

interface Counts {
  received: number;
  answered: number;
  failed: Partial<Record<FaceBodyErrorCode, number>>;
  busiestSecond: number;
  second: number;
  inSecond: number;
}

export function createStatistics(clock: Clock): Statistics {
  const operations = new Map<string, Counts>();
  const of = (operation: string): Counts => {
    let counts = operations.get(operation);
    if (!counts) {
      counts = { received: 0, answered: 0, failed: {}, busiestSecond: 0, second: Number.NaN, inSecond: 0 };
      operations.set(operation, counts);
    }
    return counts;
  };
  return {
    received(operation) {
      const counts = of(operation);
      const second = Math.floor(clock.now() / 1000);
      counts.inSecond = counts.second === second ? counts.inSecond + 1 : 1;
      counts.second = second;
      counts.received++;
      counts.busiestSecond = Math.max(counts.busiestSecond, counts.inSecond);
    },
    answered: (operation) => void of(operation).answered++,
    failed(operation, code) {
      const { failed } = of(operation);
      failed[code] = (failed[code] ?? 0) + 1;
    },
    snapshot: () =>
      Object.fromEntries(
        [...operations].map(([name, { received, answered, failed, busiestSecond }]) => [
          name,
          { received, answered, failed: { ...failed }, busiestSecond },
        ]),
      ),
    clear: () => operations.clear(),
  };
}

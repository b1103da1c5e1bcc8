import { AppError } from '../runtime/errors.ts';
import type { GetOptions } from './object-store.ts';

type Range = NonNullable<GetOptions['range']>;

/** The value of a `Range` header. Throws `InvalidRequest` for a range that is none. */
export function rangeHeader({ start, end }: Range): string {
  const valid = Number.isSafeInteger(start) && start >= 0;
  if (!valid || (end !== undefined && !(Number.isSafeInteger(end) && end >= start)))
    throw new AppError(
      'InvalidRequest',
      `a range must run from a byte to a later one, but is ${start}-${end}`,
    );
  return `bytes=${start}-${end ?? ''}`;
}

/** First and last byte within an object of `size` bytes. Throws `InvalidRequest` when it begins behind the end. */
export function resolveRange(range: Range, size: number): { start: number; end: number } {
  rangeHeader(range);
  if (range.start >= size)
    throw new AppError('InvalidRequest', `range begins at byte ${range.start} of an object of ${size}`);
  return { start: range.start, end: Math.min(range.end ?? size - 1, size - 1) };
}

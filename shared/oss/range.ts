import { AppError } from '../runtime/errors.ts';
import type { GetOptions } from './object-store.ts';

type Range = NonNullable<GetOptions['range']>;

/** The value of a `Range` header. Throws `InvalidRequest` for an invalid range. */
export function rangeHeader({ start, end }: Range): string {
  const valid = Number.isSafeInteger(start) && start >= 0;
  if (!valid || (end !== undefined && !(Number.isSafeInteger(end) && end >= start)))
    throw new AppError(
      'InvalidRequest',
      `a range must be two byte offsets in ascending order, but is ${start}-${end}`,
    );
  return `bytes=${start}-${end ?? ''}`;
}

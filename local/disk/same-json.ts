import { isDeepStrictEqual } from 'node:util';

/** Whether two values are equal as JSON: an absent property equals one that is `undefined`, as in a file. */
export function isSameJson(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(plain(left), plain(right));
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

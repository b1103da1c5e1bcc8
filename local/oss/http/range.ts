import { OssRefusal } from '../errors.ts';

/** Bytes from `start` to `end`, exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The bytes that a `Range` header asks for; `undefined` for the whole object. doc: a range beyond the end of the object
 * means the whole object, unless the request asks for `standard` behaviour: then the end is clipped, and a start beyond
 * the object is `InvalidRange`. Any header except a single range of bytes is ignored.
 */
export function readRange(
  header: string | undefined,
  size: number,
  standard: boolean,
): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const first = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const last = match[1] === '' || match[2] === '' ? size - 1 : Number(match[2]);
  const suffixOfNothing = match[1] === '' && Number(match[2]) === 0;
  if (last < first && first < size) return undefined;
  if (first >= size || suffixOfNothing) {
    if (!standard) return undefined;
    throw new OssRefusal('InvalidRange', {
      elements: { ActualObjectSize: String(size), RangeRequested: header },
      headers: { 'content-range': `bytes */${size}` },
    });
  }
  if (last >= size && !standard) return undefined;
  return { start: first, end: Math.min(last + 1, size) };
}

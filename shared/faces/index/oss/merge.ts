import { isLater, nameOf, type PictureEntry } from '../picture-table.ts';
import { timeOf } from '../stamps.ts';
import type { Segment } from './segment.ts';

/**
 * How long, in milliseconds, a merge keeps the entries of pictures without faces. A repeated request or a slow writer may
 * bring an earlier write of the picture, which must not count then. Neither takes seven days.
 */
const REMOVALS_KEPT_MS = 7 * 86_400_000;

/** Bytes. Larger segments are not merged again: about 25,000 faces of 512 numbers. */
const MAX_MERGED_BYTES = 16_000_000;

/**
 * The smaller segments, in order of size, until one is more than twice as large as all smaller ones together. Large
 * segments are rewritten rarely, and there are never many of the same size.
 */
export function smallSegments(sizes: ReadonlyMap<string, number>): string[] {
  const bySize = [...sizes].filter(([, bytes]) => bytes <= MAX_MERGED_BYTES).sort(([, a], [, b]) => a - b);
  const chosen: string[] = [];
  let sum = 0;
  for (const [name, bytes] of bySize) {
    if (chosen.length > 1 && (bytes > 2 * sum || sum + bytes > MAX_MERGED_BYTES)) break;
    chosen.push(name);
    sum += bytes;
  }
  return chosen;
}

export interface MergeOptions {
  /** Whether no known entry of the same picture is later. */
  readonly isCurrent: (entry: PictureEntry) => boolean;
  /** Whether these are all segments. */
  readonly complete: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** One segment with what counts of the given ones. */
export function mergeSegments(
  contents: readonly Segment[],
  { isCurrent, complete, now }: MergeOptions,
): Segment {
  const entries = new Map<string, PictureEntry>();
  for (const entry of contents.flatMap((segment) => segment.entries)) {
    const other = entries.get(nameOf(entry));
    if (!isCurrent(entry) || (other && !isLater(entry, other))) continue;
    const expired = entry.faces.length === 0 && timeOf(entry.stamp) < now - REMOVALS_KEPT_MS;
    // An older segment may still contain the faces of the picture.
    if (!(expired && complete)) entries.set(nameOf(entry), entry);
  }
  const cleared = contents
    .flatMap(({ clearedBefore }) => clearedBefore ?? [])
    .sort()
    .at(-1);
  return { entries: [...entries.values()], clearedBefore: cleared };
}

import type { Addition, Removal, Segment } from './segment.ts';

/**
 * How long, in milliseconds, a merge keeps removals. A concurrent merge or a repeated request may bring a removed face
 * back, so its removal must still be known then. Neither takes seven days.
 */
export const REMOVALS_KEPT_MS = 7 * 86_400_000;

/** The current segments by name. */
type Live = ReadonlyMap<string, Segment>;

/** Instances that any current segment removes. */
function removedInstances(live: Live): Set<string> {
  const removed = new Set<string>();
  for (const { removals } of live.values()) for (const { instance } of removals) removed.add(instance);
  return removed;
}

/**
 * The smaller segments, in order of size, until one is more than twice as large as all smaller ones together. Large
 * segments are rewritten rarely, and there are never many of the same size.
 */
export function chooseSmall(live: Live): string[] {
  const bySize = [...live].sort(([, a], [, b]) => weight(a) - weight(b));
  const chosen: string[] = [];
  let sum = 0;
  for (const [name, segment] of bySize) {
    if (chosen.length > 1 && weight(segment) > 2 * sum) break;
    chosen.push(name);
    sum += weight(segment);
  }
  return chosen;
}

/** The segments that still contain embeddings of removed faces. */
export function chooseWithRemovedFaces(live: Live): string[] {
  const removed = removedInstances(live);
  return [...live]
    .filter(([, { additions }]) => additions.some(({ instance }) => removed.has(instance)))
    .map(([name]) => name);
}

/**
 * Makes one segment with the content of the chosen ones. `existing` are the names of all existing segments: those that
 * the chosen ones replaced but that still exist are replaced by the new segment too.
 */
export function merge(
  live: Live,
  chosen: readonly string[],
  { existing, now }: { existing: ReadonlySet<string>; now: number },
): Segment {
  const segments = chosen.map((name) => live.get(name)!);
  const size = embeddingSize(segments);
  const removed = removedInstances(live);
  const removals = new Map<string, Removal>();
  for (const segment of segments) {
    for (const removal of segment.removals) removals.set(removal.instance, removal);
  }

  const kept = new Map<string, { addition: Addition; vector: Float32Array }>();
  for (const { additions, vectors } of segments) {
    for (const [i, addition] of additions.entries()) {
      if (removed.has(addition.instance)) continue;
      const other = kept.get(identityOf(addition));
      const vector = vectors.subarray(i * size, (i + 1) * size);
      if (other === undefined || other.addition.instance < addition.instance) {
        kept.set(identityOf(addition), { addition, vector });
      }
      // The lesser of two instances is removed by name, because a later removal of the face sees only the other one.
      if (other !== undefined && other.addition.instance !== addition.instance) {
        const [lesser] = [other.addition.instance, addition.instance].sort();
        removals.set(lesser!, { instance: lesser!, at: now });
      }
    }
  }

  const complete = chosen.length === live.size;
  const vectors = new Float32Array(kept.size * size);
  let row = 0;
  for (const { vector } of kept.values()) vectors.set(vector, size * row++);
  return {
    additions: [...kept.values()].map(({ addition }) => addition),
    vectors,
    // A segment that is not chosen may contain what is removed here.
    removals: [...removals.values()].filter(({ at }) => !complete || at > now - REMOVALS_KEPT_MS),
    replaces: [
      ...new Set([
        ...chosen,
        ...segments.flatMap(({ replaces }) => replaces.filter((name) => existing.has(name))),
      ]),
    ],
  };
}

/** Two additions of the same photo of a person are one face. */
export function identityOf({ person, photo }: Addition): string {
  return `${photo}/${person}`;
}

function weight({ additions, removals }: Segment): number {
  return 1 + additions.length + removals.length / 16;
}

function embeddingSize(segments: readonly Segment[]): number {
  const sample = segments.find(({ additions }) => additions.length > 0);
  return sample ? sample.vectors.length / sample.additions.length : 0;
}

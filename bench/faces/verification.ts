import type { Thresholds } from '../../shared/faces/gallery/gallery.ts';
import { isMatchable, similarity } from '../../shared/faces/similarity.ts';
import type { FoundFace } from './detection.ts';
import { type Share, shareOf } from './statistics.ts';

/** Similarities of all pairs of comparable faces. Each list is ascending. */
export interface Pairs {
  readonly faces: number;
  readonly people: number;
  readonly genuine: readonly number[];
  readonly strangers: readonly number[];
  /** Strangers in the same photo. */
  readonly together: readonly number[];
  /** The most similar strangers. */
  readonly closest: readonly { readonly similarity: number; readonly names: readonly [string, string] }[];
}

export function comparePairs(found: readonly FoundFace[]): Pairs {
  const faces = found.filter(({ face, photo }) => isMatchable(face, photo.image));
  const genuine: number[] = [];
  const together: number[] = [];
  const strangers: { similarity: number; names: readonly [string, string] }[] = [];
  for (const [i, one] of faces.entries()) {
    for (const other of faces.slice(0, i)) {
      const alike = similarity(one.face.embedding!, other.face.embedding!);
      if (one.label.person !== undefined && one.label.person === other.label.person) genuine.push(alike);
      else strangers.push({ similarity: alike, names: [one.photo.name, other.photo.name] });
      if (one.photo === other.photo) together.push(alike);
    }
  }
  strangers.sort((a, b) => a.similarity - b.similarity);
  const named = new Set(faces.map(({ label }) => label.person).filter((person) => person !== undefined));
  return {
    faces: faces.length,
    people: named.size + faces.filter(({ label }) => label.person === undefined).length,
    genuine: genuine.sort((a, b) => a - b),
    strangers: strangers.map((pair) => pair.similarity),
    together: together.sort((a, b) => a - b),
    closest: strangers.slice(-3).reverse(),
  };
}

/** Number of values in an ascending list that are at least `threshold`. */
export function passing(sorted: readonly number[], threshold: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < threshold) low = middle + 1;
    else high = middle;
  }
  return sorted.length - low;
}

function accepted(sorted: readonly number[], threshold: number): Share {
  return shareOf(passing(sorted, threshold), sorted.length);
}

export interface Verification {
  /** The rate at which the share of passing strangers equals the share of failing pairs. */
  readonly equalErrorRate: number;
  /** Share of passing pairs of one person at the threshold of one passing stranger in a thousand. */
  readonly truePositives: Share;
  readonly thresholdOfThousandth: number;
  readonly match: Acceptance;
  readonly high: Acceptance;
}

interface Acceptance {
  readonly genuine: Share;
  readonly strangers: Share;
  readonly together: Share;
}

export function judgeVerification(pairs: Pairs, { match, high }: Thresholds): Verification {
  const { genuine, strangers, together } = pairs;
  // The threshold is just above the first pair that must not pass.
  const allowed = Math.floor(strangers.length / 1000);
  const tooMany = strangers[strangers.length - 1 - allowed]!;
  const at = (threshold: number): Acceptance => ({
    genuine: accepted(genuine, threshold),
    strangers: accepted(strangers, threshold),
    together: accepted(together, threshold),
  });
  return {
    equalErrorRate: equalErrorRate(pairs),
    thresholdOfThousandth: tooMany,
    truePositives: shareOf(genuine.filter((value) => value > tooMany).length, genuine.length),
    match: at(match),
    high: at(high),
  };
}

function equalErrorRate({ genuine, strangers }: Pairs): number {
  let least = 1;
  for (const threshold of [...genuine, ...strangers]) {
    const failing = 1 - passing(genuine, threshold) / genuine.length;
    const passed = passing(strangers, threshold) / strangers.length;
    least = Math.min(least, Math.max(failing, passed));
  }
  return least;
}

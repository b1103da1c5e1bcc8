import type { Thresholds } from '../../shared/faces/gallery/gallery.ts';
import { isMatchable, similarity } from '../../shared/faces/similarity.ts';
import type { FoundFace } from './detection.ts';
import { type Share, shareOf } from './statistics.ts';

/** Similarities of all pairs of faces that may be compared, each list ascending. */
export interface Pairs {
  readonly faces: number;
  readonly people: number;
  readonly genuine: readonly number[];
  readonly strangers: readonly number[];
  /** Those of the strangers that share a photo. */
  readonly together: readonly number[];
  /** The strangers that are most alike. */
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

/** How many of an ascending list are at least `threshold`. */
function passing(sorted: readonly number[], threshold: number): number {
  const first = sorted.findIndex((value) => value >= threshold);
  return first === -1 ? 0 : sorted.length - first;
}

export function accepted(sorted: readonly number[], threshold: number): Share {
  return shareOf(passing(sorted, threshold), sorted.length);
}

export interface Verification {
  /** Where as large a share of strangers passes as of pairs fails. */
  readonly equalErrorRate: number;
  /** Pairs of one person that pass where at most one in a thousand pairs of strangers does. */
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
  // Just above the pair that would be one too many.
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

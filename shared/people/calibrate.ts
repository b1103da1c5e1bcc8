import { writeIdOf } from '../faces/index/sighting.ts';
import { similarity } from '../faces/similarity.ts';
import type { SeenFace } from './groups.ts';

/** How often strangers pass, estimated from faces that are together in one picture. */
export interface Calibration {
  /** Pairs of faces that are together in a picture. */
  readonly pairs: number;
  readonly rates: readonly PassRate[];
  /** The lowest threshold whose interval lies below the wanted rate; absent when the pictures do not suffice. */
  readonly proposal?: number;
  /** Pairs that would show the wanted rate if none of them passed. */
  readonly pairsNeeded: number;
}

export interface PassRate {
  readonly threshold: number;
  readonly passed: number;
  /** Share of the pairs, 0 to 1. */
  readonly rate: number;
  /** 95 % of estimates like this contain the true rate. */
  readonly interval: readonly [number, number];
}

const THRESHOLDS = Array.from({ length: 13 }, (_, i) => Number((0.3 + i * 0.05).toFixed(2)));

/** Normal quantile of a two-sided interval of 95 %. */
const Z = 1.96;

/**
 * Two faces of one picture are two people, so each such pair whose similarity reaches a threshold is a wrong match. Twins,
 * mirrors and collages are the exceptions, which make the rate too high.
 */
export function calibrate(faces: Iterable<SeenFace>, wantedRate: number): Calibration {
  const byPicture = new Map<string, SeenFace[]>();
  for (const face of faces) {
    const picture = writeIdOf(face.id);
    byPicture.set(picture, [...(byPicture.get(picture) ?? []), face]);
  }
  const found: number[] = [];
  for (const together of byPicture.values()) {
    for (const [i, one] of together.entries()) {
      for (const other of together.slice(0, i)) found.push(similarity(one.embedding, other.embedding));
    }
  }
  const rates = THRESHOLDS.map((threshold): PassRate => {
    const passed = found.filter((value) => value >= threshold).length;
    return {
      threshold,
      passed,
      rate: found.length === 0 ? 0 : passed / found.length,
      interval: wilson(passed, found.length),
    };
  });
  const proposal = rates.find(({ interval: [, upper] }) => upper <= wantedRate)?.threshold;
  return {
    pairs: found.length,
    rates,
    proposal,
    pairsNeeded: Math.ceil((Z * Z * (1 - wantedRate)) / wantedRate),
  };
}

/** The interval of Wilson, which also holds for few and for no passes. */
function wilson(passed: number, pairs: number): [number, number] {
  if (pairs === 0) return [0, 1];
  const share = passed / pairs;
  const center = share + (Z * Z) / (2 * pairs);
  const spread = Z * Math.sqrt((share * (1 - share)) / pairs + (Z * Z) / (4 * pairs * pairs));
  const scale = 1 + (Z * Z) / pairs;
  return [Math.max(0, (center - spread) / scale), Math.min(1, (center + spread) / scale)];
}

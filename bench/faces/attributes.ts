import type { FoundFace } from './detection.ts';
import { mean, type Share, shareOf } from './statistics.ts';

export interface Attributes {
  /** Share of clear faces with the right gender. */
  readonly gender: Share;
  readonly genderOfHard: Share;
  readonly expression: Share;
  /** Difference in years between the engine and the label, and the number of compared faces. */
  readonly age: { readonly error: number; readonly bias: number; readonly faces: number };
}

export function judgeAttributes(found: readonly FoundFace[]): Attributes {
  const gender = (hard: boolean): Share => {
    const known = found.filter(({ label }) => label.gender !== undefined && Boolean(label.hard) === hard);
    const right = known.filter(({ label, face }) => face.attributes.gender?.value === label.gender);
    return shareOf(right.length, known.length);
  };
  const clear = found.filter(({ label }) => !label.hard);
  const expressive = clear.filter(({ label }) => label.expression !== undefined);
  const errors = clear
    .filter(({ label }) => label.age !== undefined)
    .map(({ label, face }) => face.attributes.age! - label.age!);
  return {
    gender: gender(false),
    genderOfHard: gender(true),
    expression: shareOf(
      expressive.filter(({ label, face }) => face.attributes.expression?.value === label.expression).length,
      expressive.length,
    ),
    age: { error: mean(errors.map(Math.abs)), bias: mean(errors), faces: errors.length },
  };
}

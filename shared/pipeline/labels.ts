import type { Face } from '../faces/face.ts';
import type { Match } from '../faces/gallery/match.ts';
import type { Tone } from '../images/annotate.ts';

/** What stands at a face's box: the name of a known person, else as the original sample had it and a little more. */
export function labelOf(
  { attributes: { gender, age, expression } }: Pick<Face, 'attributes'>,
  match?: Match,
): string {
  if (match && 'person' in match) return match.person;
  const letter = gender && (gender.value === 'male' ? 'M' : 'F');
  const years = age === undefined ? undefined : Math.round(age);
  return [letter, years, expression?.value].filter((part) => part !== undefined).join(' ');
}

/** A face that was compared with nobody – the gallery is empty, or it is too small – is not called unknown. */
export function toneOf(match: Match | undefined): Tone {
  if (!match) return 'plain';
  if ('person' in match) return 'match';
  return match.bestScore === undefined ? 'plain' : 'unknown';
}

/** The summary of a picture: how many, and by gender where every face has one. */
export function bannerOf(faces: readonly Pick<Face, 'attributes'>[]): string {
  const count = faces.length === 1 ? '1 face' : `${faces.length} faces`;
  const genders = faces.map(({ attributes }) => attributes.gender?.value);
  if (faces.length === 0 || genders.includes(undefined)) return count;
  const male = genders.filter((gender) => gender === 'male').length;
  return `${count} · Male:Female=${male}:${faces.length - male}`;
}

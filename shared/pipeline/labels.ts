import type { Face } from '../faces/face.ts';
import type { Match } from '../faces/gallery/match.ts';
import type { Tone } from '../images/annotate.ts';

/** The label of a face's box: the name of a known person, otherwise the attributes, as in the original sample. */
export function labelOf(
  { attributes: { gender, age, expression } }: Pick<Face, 'attributes'>,
  match?: Match,
): string {
  if (match && 'person' in match) return match.person;
  const letter = gender && (gender.value === 'male' ? 'M' : 'F');
  const years = age === undefined ? undefined : Math.round(age);
  return [letter, years, expression?.value].filter((part) => part !== undefined).join(' ');
}

/** A face that was not compared – the gallery is empty, or the face is too small – is not marked as unknown. */
export function toneOf(match: Match | undefined): Tone {
  if (!match) return 'plain';
  if ('person' in match) return 'match';
  return match.bestScore === undefined ? 'plain' : 'unknown';
}

/** The summary of a picture: the number of faces, and by gender if every face has one. */
export function bannerOf(faces: readonly Pick<Face, 'attributes'>[]): string {
  const count = faces.length === 1 ? '1 face' : `${faces.length} faces`;
  const genders = faces.map(({ attributes }) => attributes.gender?.value);
  if (faces.length === 0 || genders.includes(undefined)) return count;
  const male = genders.filter((gender) => gender === 'male').length;
  return `${count} · Male:Female=${male}:${faces.length - male}`;
}

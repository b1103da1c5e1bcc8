import type { Face } from '../faces/face.ts';

/** What stands at a face's box, as the original sample had it and a little more: `F 27 happy`. */
export function labelOf({ attributes: { gender, age, expression } }: Pick<Face, 'attributes'>): string {
  const letter = gender && (gender.value === 'male' ? 'M' : 'F');
  const years = age === undefined ? undefined : Math.round(age);
  return [letter, years, expression?.value].filter((part) => part !== undefined).join(' ');
}

/** The summary of a picture: how many, and by gender where every face has one. */
export function bannerOf(faces: readonly Pick<Face, 'attributes'>[]): string {
  const count = faces.length === 1 ? '1 face' : `${faces.length} faces`;
  const genders = faces.map(({ attributes }) => attributes.gender?.value);
  if (faces.length === 0 || genders.includes(undefined)) return count;
  const male = genders.filter((gender) => gender === 'male').length;
  return `${count} · Male:Female=${male}:${faces.length - male}`;
}

import type { Face } from '../faces/face.ts';

/** What stands at a face's box, as the original sample had it and a little more: `F 27 happy`. */
export function labelOf({ attributes: { gender, age, expression } }: Pick<Face, 'attributes'>): string {
  const parts = [
    gender && (gender.value === 'male' ? 'M' : 'F'),
    age !== undefined && Math.round(age),
    expression && expression.value,
  ];
  return parts.filter((part) => part !== undefined && part !== false).join(' ');
}

/** The summary of a picture: how many, and by gender where every face has one. */
export function bannerOf(faces: readonly Pick<Face, 'attributes'>[]): string {
  const count = faces.length === 1 ? '1 face' : `${faces.length} faces`;
  const genders = faces.map(({ attributes }) => attributes.gender?.value);
  if (faces.length === 0 || genders.includes(undefined)) return count;
  const male = genders.filter((gender) => gender === 'male').length;
  return `${count} · Male:Female=${male}:${faces.length - male}`;
}

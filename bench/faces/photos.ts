import { readFile } from 'node:fs/promises';
import type { Box, Expression } from '../../shared/faces/face.ts';
import { DEFAULT_IMAGE_BOUNDS, type UprightImage } from '../../shared/images/image.ts';
import { decodeImage } from '../../test/support/decode-image.ts';

/** What a person sees in a face. A field is absent where a person cannot tell. */
export interface LabelledFace {
  readonly box: Box;
  /** Faces with the same name are the same person. A person without a name appears once. */
  readonly person?: string;
  readonly gender?: 'female' | 'male';
  /** Estimated years; the error may be five years and more. */
  readonly age?: number;
  /** Only where it is obvious. */
  readonly expression?: Expression;
  /** In profile, covered by sunglasses or a hand, blurred, or under 50 pixels in the background. */
  readonly hard?: boolean;
}

export interface LabelledPhoto {
  /** Package and path. */
  readonly name: string;
  readonly image: UprightImage;
  readonly faces: readonly LabelledFace[];
}

interface PhotoRow {
  readonly package: string;
  readonly photo: string;
  readonly faces?: readonly (Omit<LabelledFace, 'box'> & {
    box: readonly [number, number, number, number];
  })[];
}

interface Labels {
  readonly photos: readonly PhotoRow[];
  readonly withoutFaces: readonly PhotoRow[];
}

const HERE = new URL('.', import.meta.url);
const FOLDERS = [new URL('node_modules/', HERE), new URL('../../node_modules/', HERE)];

/** Decodes all photos of `labels.json`. They are inside packages, some of which only this benchmark installs. */
export async function loadPhotos(): Promise<{ photos: LabelledPhoto[]; withoutFaces: LabelledPhoto[] }> {
  const labels = JSON.parse(await readFile(new URL('labels.json', HERE), 'utf8')) as Labels;
  return { photos: await loadAll(labels.photos), withoutFaces: await loadAll(labels.withoutFaces) };
}

async function loadAll(rows: readonly PhotoRow[]): Promise<LabelledPhoto[]> {
  const photos: LabelledPhoto[] = [];
  for (const row of rows) photos.push(await load(row));
  return photos;
}

async function load({ package: from, photo, faces = [] }: PhotoRow): Promise<LabelledPhoto> {
  const image = await decodeImage(await readPhoto(`${from}/${photo}`), DEFAULT_IMAGE_BOUNDS);
  return {
    name: `${from}/${photo}`,
    image,
    faces: faces.map(({ box: [x, y, width, height], ...rest }) => ({
      ...rest,
      box: { x, y, width, height },
    })),
  };
}

async function readPhoto(path: string): Promise<Buffer> {
  for (const folder of FOLDERS) {
    const bytes = await readFile(new URL(path, folder)).catch(() => undefined);
    if (bytes) return bytes;
  }
  throw new Error(`${path} is not installed: npm ci --ignore-scripts --prefix bench/faces`);
}

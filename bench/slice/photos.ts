import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { type LocalFile, samplePhotos } from '../../cli/files.ts';

const REPEATS = 10;

/** The sample photos, each several times under different names. */
export async function manyPhotos(): Promise<LocalFile[]> {
  const samples = await samplePhotos();
  return Array.from({ length: REPEATS }, (_, repeat) =>
    samples.map(({ path, name }) => ({ path, name: `${repeat}/${name}` })),
  ).flat();
}

/** A photo of one person, cut from the first sample. About one megapixel, like a portrait from a phone. */
export async function oneFacePhoto(): Promise<LocalFile> {
  const samples = await samplePhotos();
  const folder = await mkdtemp(join(tmpdir(), 'mnsoss-face-bench-'));
  const path = join(folder, 'one-face.jpg');
  const cut = sharp(await readFile(samples[0]!.path)).extract(ONE_FACE);
  await writeFile(path, await cut.resize(900).jpeg({ quality: 90 }).toBuffer());
  return { path, name: 'one-face.jpg' };
}

const ONE_FACE = { left: 1330, top: 60, width: 560, height: 700 };

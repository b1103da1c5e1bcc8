import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp, { type OverlayOptions } from 'sharp';
import type { Box } from '../../shared/faces/face.ts';
import { overlap } from '../../shared/images/geometry.ts';
import { DEFAULT_IMAGE_BOUNDS, type ImageBounds, type UprightImage } from '../../shared/images/image.ts';
import { decodeImage } from './decode-image.ts';

/** Number of women in each sample photo of @vladmandic/face-api. The photos show nobody else. */
export const SAMPLES = { 1: 3, 2: 3, 3: 3, 4: 4, 5: 5, 6: 4 } as const;
export type Sample = keyof typeof SAMPLES;
export const SAMPLE_NUMBERS = Object.keys(SAMPLES).map((key) => Number(key) as Sample);

const DEMO = join(
  dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')),
  'demo',
);

function samplePath(sample: Sample): string {
  return join(DEMO, `sample${sample}.jpg`);
}

export function sampleBytes(sample: Sample): Buffer {
  return readFileSync(samplePath(sample));
}

export function decodeSample(sample: Sample, bounds: Partial<ImageBounds> = {}): Promise<UprightImage> {
  return decodePhoto(sampleBytes(sample), bounds);
}

export function decodePhoto(bytes: Uint8Array, bounds: Partial<ImageBounds> = {}): Promise<UprightImage> {
  return decodeImage(bytes, { ...DEFAULT_IMAGE_BOUNDS, ...bounds });
}

/** A grey picture. */
export function blankImage(width = 640, height = 480): UprightImage {
  const raster = { data: new Uint8Array(width * height * 3).fill(127), width, height };
  return { width, height, format: 'png', raster };
}

/**
 * A crowd of known faces: sample photos in a grid, `across` per row, that fills `size`. `faces` gives the boxes per
 * sample, in fractions of the photo; the result has them in pixels.
 */
export async function crowd(
  across: number,
  faces: (sample: Sample) => readonly Box[],
  size = { width: 1920, height: 1440 },
): Promise<{ image: UprightImage; boxes: Box[] }> {
  const width = Math.floor(size.width / across);
  const height = Math.floor((width * 3) / 4);
  const tiles: OverlayOptions[] = [];
  const boxes: Box[] = [];
  for (let tile = 0; tile < across * Math.floor(size.height / height); tile++) {
    const sample = SAMPLE_NUMBERS[(tile * 5 + Math.floor(tile / across)) % SAMPLE_NUMBERS.length]!;
    const left = (tile % across) * width;
    const top = Math.floor(tile / across) * height;
    const input = await sharp(samplePath(sample)).resize(width, height, { fit: 'fill' }).toBuffer();
    tiles.push({ input, left, top });
    for (const box of faces(sample)) {
      boxes.push({
        x: left + box.x * width,
        y: top + box.y * height,
        width: box.width * width,
        height: box.height * height,
      });
    }
  }
  const canvas = sharp({ create: { ...size, channels: 3, background: '#888' } });
  const image = await decodePhoto(await canvas.composite(tiles).jpeg({ quality: 85 }).toBuffer());
  return { image, boxes };
}

/** Number of boxes in `wanted` that have their own box in `found` with an overlap of more than 0.3. */
export function countFound(wanted: readonly Box[], found: readonly Box[]): number {
  const free = new Set(found);
  let count = 0;
  for (const box of wanted) {
    const match = [...free].find((candidate) => overlap(box, candidate) > 0.3);
    if (match && free.delete(match)) count++;
  }
  return count;
}

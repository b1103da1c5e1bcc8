import sharp, { type Sharp } from 'sharp';
import type { RasterEngine } from '../../shared/faces/engine.ts';
import { similarity } from '../../shared/faces/similarity.ts';
import { DEFAULT_IMAGE_BOUNDS } from '../../shared/images/image.ts';
import { decodeImage } from '../../test/support/decode-image.ts';
import type { FoundFace } from './detection.ts';
import { type Share, shareOf } from './statistics.ts';

/** Typical changes of photos, and worse ones. */
const HARMS: Readonly<Record<string, (photo: Sharp) => Sharp>> = {
  mirrored: (photo) => photo.flop(),
  'in grey': (photo) => photo.greyscale(),
  'a quarter as bright': (photo) => photo.linear(0.25, 0),
  'JPEG of quality 10': (photo) => photo.jpeg({ quality: 10 }),
  'half as large': (photo) => photo,
  'turned by 20°': (photo) => photo.rotate(20, { background: '#888' }),
  'turned by 45°': (photo) => photo.rotate(45, { background: '#888' }),
  'upside down': (photo) => photo.rotate(180),
};
const HALF = 0.5;

export interface Harmed {
  readonly harm: string;
  readonly found: Share;
  /** Share of faces that still match themselves, including faces that were not found. */
  readonly recognised: Share;
}

/** Changes photos with one clear face. Other photos of a person differ more, so results for them are not better. */
export async function harmFaces(engine: RasterEngine, found: readonly FoundFace[]): Promise<Harmed[]> {
  const portraits = found.filter(({ photo, label }) => photo.faces.length === 1 && !label.hard);
  const { match } = engine.embedder!.thresholds;
  const results: Harmed[] = [];
  for (const [harm, apply] of Object.entries(HARMS)) {
    let hits = 0;
    let matches = 0;
    for (const { photo, face } of portraits) {
      const { data, width, height } = photo.image.raster;
      const whole = sharp(data, { raw: { width, height, channels: 3 } });
      const sized =
        harm === 'half as large'
          ? whole.resize(Math.ceil(width * HALF), Math.ceil(height * HALF), { fit: 'fill' })
          : whole;
      const file = apply(sized);
      const bytes = await (harm.startsWith('JPEG') ? file : file.png({ compressionLevel: 1 })).toBuffer();
      const image = await decodeImage(bytes, DEFAULT_IMAGE_BOUNDS);
      const faces = await engine.analyze(image, { attributes: new Set(), embeddings: true });
      if (faces.length > 0) hits++;
      if (faces.some(({ embedding }) => similarity(embedding!, face.embedding!) >= match)) matches++;
    }
    const total = portraits.length;
    results.push({ harm, found: shareOf(hits, total), recognised: shareOf(matches, total) });
  }
  return results;
}

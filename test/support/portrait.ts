import sharp from 'sharp';
import { sampleBytes } from './photos.ts';

/** A portrait of the right-most woman of the first sample photo. */
export function portrait(): Promise<Buffer> {
  return sharp(sampleBytes(1))
    .extract({ left: 1330, top: 60, width: 560, height: 700 })
    .jpeg({ quality: 92 })
    .toBuffer();
}

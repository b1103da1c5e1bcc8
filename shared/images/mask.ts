import { encodeJpeg } from './encode.ts';
import { coveringPixels, type Rect, toRaster } from './geometry.ts';
import type { PictureFacts } from './image.ts';

/** A JPEG of the raster's size that is white where the boxes are and black elsewhere. */
export function maskImage(image: PictureFacts, boxes: readonly Rect[]): Promise<Buffer> {
  const { width, height } = image.raster;
  const data = new Uint8Array(width * height * 3);
  for (const box of boxes) {
    const region = coveringPixels(toRaster(box, image), image.raster);
    for (let y = region.y; y < region.y + region.height; y++) {
      data.fill(255, 3 * (y * width + region.x), 3 * (y * width + region.x + region.width));
    }
  }
  return encodeJpeg({ data, width, height }, { quality: 90 });
}

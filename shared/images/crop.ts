import { encodeJpeg } from './encode.ts';
import { coveringPixels, cut, inflate, moveInside, type Rect, toRaster } from './geometry.ts';
import type { Size, UprightImage } from './image.ts';

export interface CropOptions {
  /** Fraction of the box's width and height to add on each side. @default 0.25 */
  readonly padding: number;
  /** Pixels of the raster. A smaller crop is extended, up to the border of the picture. @default 64 */
  readonly minSide: number;
  /** Pixels of the JPEG. A larger crop is scaled down. @default 512 */
  readonly maxSide: number;
  /** JPEG quality, 1 to 100. @default 85 */
  readonly quality: number;
}

export const DEFAULT_CROP_OPTIONS: CropOptions = { padding: 0.25, minSide: 64, maxSide: 512, quality: 85 };

/** Cuts one face and some of its surroundings from the raster, as JPEG. The box is in pixels of the upright image. */
export function cropFace(image: UprightImage, box: Rect, options = DEFAULT_CROP_OPTIONS): Promise<Buffer> {
  const region = cropRegion(toRaster(box, image), image.raster, options);
  return encodeJpeg(cut(image.raster, region), options);
}

/** The area of a crop in whole pixels of the raster; always inside the raster. */
export function cropRegion(
  box: Rect,
  raster: Size,
  { padding, minSide }: Pick<CropOptions, 'padding' | 'minSide'>,
): Rect {
  const padded = coveringPixels(inflate(box, box.width * padding, box.height * padding), raster);
  const missingX = Math.max(0, minSide - padded.width) / 2;
  const missingY = Math.max(0, minSide - padded.height) / 2;
  const grown = inflate(padded, missingX, missingY);
  return coveringPixels(
    moveInside(grown, { x: 0, y: 0, width: raster.width, height: raster.height }),
    raster,
  );
}

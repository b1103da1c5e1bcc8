/** Interleaved 8-bit sRGB: three bytes per pixel, rows from top to bottom, no padding. */
export interface Raster {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** A decoded picture: upright, sRGB, opaque, first frame. */
export interface UprightImage {
  /** Pixels of the upright picture before scaling down; coordinates of faces refer to these. */
  readonly width: number;
  readonly height: number;
  readonly format: ImageFormat;
  /** The file stores its pixels upright too, so that every reader of the file sees the same coordinates. */
  readonly storedUpright?: boolean;
  /** The pixels to process. Its longest side is bounded, so `raster.width / width` is the scale. */
  readonly raster: Raster;
}

/** The accepted formats. Any other is rejected; SVG and PDF never reach a decoder. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif';

/** Limits for one picture. A picture beyond any of them but `rasterSide` is rejected with `ImageTooLarge`. */
export interface ImageBounds {
  /** Bytes of the file. @default 50_000_000 */
  readonly maxBytes: number;
  /**
   * Pixels of the first frame, from the header. Decoding needs 1 byte of memory per pixel, 7 for a progressive JPEG
   * and 10 for an interlaced PNG (measured). AVIF needs 18 and may have a quarter of these pixels.
   * @default 100_000_000
   */
  readonly maxPixels: number;
  /** Longest side of the first frame, in pixels. @default 30_000 */
  readonly maxSide: number;
  /** Seconds of decoding, an integer. @default 20 */
  readonly timeoutSeconds: number;
  /** Longest side of the raster, in pixels. A larger picture is scaled down, a smaller one keeps its size. @default 1920 */
  readonly rasterSide: number;
}

export const DEFAULT_IMAGE_BOUNDS: ImageBounds = {
  maxBytes: 50_000_000,
  maxPixels: 100_000_000,
  maxSide: 30_000,
  timeoutSeconds: 20,
  rasterSide: 1920,
};

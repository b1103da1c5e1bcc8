/** Interleaved 8-bit sRGB pixels, three a pixel, no padding. */
export interface Raster {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** A decoded picture: upright, sRGB, opaque, first frame. */
export interface UprightImage {
  /** Pixels of the upright picture before it was bounded; coordinates of faces refer to these. */
  readonly width: number;
  readonly height: number;
  readonly format: ImageFormat;
  /** The file's own pixels are upright too, so that whoever reads the file sees the same coordinates. */
  readonly storedUpright?: boolean;
  /** The pixels to work on; the longest side is bounded, so `raster.width / width` is the scale. */
  readonly raster: Raster;
}

/** What is decoded; anything else is refused, SVG and PDF before a decoder sees them. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif';

/** What one picture may cost. All but `rasterSide` refuse a picture with `ImageTooLarge`. */
export interface ImageBounds {
  /** Bytes of the file. */
  readonly maxBytes: number;
  /**
   * Pixels of the first frame, before any decoding. Memory grows by 1 byte a pixel, by 7 for a progressive JPEG and
   * by 10 for an interlaced PNG (measured). AVIF takes 18 and may have a quarter of these pixels.
   */
  readonly maxPixels: number;
  /** Pixels of the longest side of the first frame. */
  readonly maxSide: number;
  /** Whole seconds of decoding. */
  readonly timeoutSeconds: number;
  /** Longest side of the raster; a larger picture is scaled down to it, a smaller one stays as it is. */
  readonly rasterSide: number;
}

export const DEFAULT_IMAGE_BOUNDS: ImageBounds = {
  maxBytes: 50_000_000,
  maxPixels: 100_000_000,
  maxSide: 30_000,
  timeoutSeconds: 20,
  rasterSide: 1920,
};

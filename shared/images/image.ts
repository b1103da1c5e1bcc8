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
  /** `jpeg`, `png`, `webp`, `gif`, `tiff` or `avif`. */
  readonly format: string;
  /** The pixels to work on; the longest side is bounded, so `raster.width / width` is the scale. */
  readonly raster: Raster;
}

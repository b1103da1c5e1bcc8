export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Interleaved 8-bit sRGB pixels, three bytes each, no padding. */
export interface Raster extends Size {
  readonly data: Uint8Array;
}

/** What is known of a decoded picture without its pixels. */
export interface PictureFacts extends Size {
  /** Pixels of the upright picture before it was bounded; coordinates of faces refer to these. */
  readonly width: number;
  readonly height: number;
  readonly format: ImageFormat;
  /** The file's own pixels are upright too: a service that reads the file sees the same coordinates. */
  readonly storedUpright?: boolean;
  /** Of the pixels to work on. The longest side is bounded, so `raster.width / width` is the scale. */
  readonly raster: Size;
}

/** A decoded picture: upright, sRGB, opaque, first frame. */
export interface UprightImage extends PictureFacts {
  readonly raster: Raster;
}

/** What is decoded; anything else is refused, SVG and PDF before a decoder sees them. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif';

/**
 * What one picture may cost. All but `rasterSide` refuse a picture with `ImageTooLarge`, whose `details.bound` is the name
 * here. What can be counted is counted before the picture is decoded.
 */
export interface ImageBounds {
  /** Bytes of the file. */
  readonly maxBytes: number;
  /** Pixels of the first frame. */
  readonly maxPixels: number;
  /** Pixels of the longest side of the first frame. */
  readonly maxSide: number;
  /** MB of memory for decoding, as `estimateMemory` has them. */
  readonly maxPictureMb: number;
  /** Seconds of processor time, of all threads together. Only a process that can be ended keeps this bound. */
  readonly maxPictureSeconds: number;
  /** Scans of a JPEG. */
  readonly maxScans: number;
  /** Frames of an animation, pages of a document, directories of a TIFF. */
  readonly maxFrames: number;
  /** Channels of a pixel, those that nobody sees included. */
  readonly maxChannels: number;
  /** Bytes of texts, profiles and EXIF, after decompression. */
  readonly maxMetadataBytes: number;
  /** Longest side of the raster; a larger picture is scaled down to it, a smaller one stays as it is. */
  readonly rasterSide: number;
}

export const MEGABYTE = 1024 * 1024;

export const DEFAULT_IMAGE_BOUNDS: ImageBounds = {
  maxBytes: 50_000_000,
  maxPixels: 100_000_000,
  maxSide: 30_000,
  maxPictureMb: 640,
  maxPictureSeconds: 10,
  maxScans: 100,
  maxFrames: 5000,
  maxChannels: 16,
  maxMetadataBytes: 16 * MEGABYTE,
  rasterSide: 1920,
};

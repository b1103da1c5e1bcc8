export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Interleaved 8-bit sRGB: three bytes per pixel, rows from top to bottom, no padding. */
export interface Raster extends Size {
  readonly data: Uint8Array;
}

/** What is known of a decoded picture without its pixels. */
export interface PictureFacts extends Size {
  /** Pixels of the upright picture before scaling down; coordinates of faces refer to these. */
  readonly width: number;
  readonly height: number;
  readonly format: ImageFormat;
  /** The file stores its pixels upright too, so that every reader of the file sees the same coordinates. */
  readonly storedUpright?: boolean;
  /** The file ends too early or is damaged, so parts of the picture are missing. */
  readonly partial?: true;
  /** The pixels are the largest preview inside a raw photo. */
  readonly preview?: true;
  /** Size of the pixels to process. The longest side is bounded, so `raster.width / width` is the scale. */
  readonly raster: Size;
}

/** A decoded picture: upright, sRGB, opaque, first frame. */
export interface UprightImage extends PictureFacts {
  readonly raster: Raster;
}

/** The accepted formats. Any other is rejected; SVG and PDF never reach a decoder. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif';

/**
 * Limits for one picture. A picture beyond any of them but `rasterSide` is rejected with `ImageTooLarge`, whose
 * `details.bound` is the name here. What can be counted is counted before the picture is decoded.
 */
export interface ImageBounds {
  /** Bytes of the file. @default 50_000_000 */
  readonly maxBytes: number;
  /** Pixels of the first frame. @default 100_000_000 */
  readonly maxPixels: number;
  /** Longest side of the first frame, in pixels. @default 30_000 */
  readonly maxSide: number;
  /** MB of memory for decoding, as `estimateMemory` computes it. @default 640 */
  readonly maxPictureMb: number;
  /** Seconds of processor time, of all threads together. Enforced only in a picture process, which can be killed. @default 10 */
  readonly maxPictureSeconds: number;
  /** Scans of a JPEG. @default 100 */
  readonly maxScans: number;
  /** Frames of an animation, pages of a document, directories of a TIFF. @default 5000 */
  readonly maxFrames: number;
  /** Channels per pixel, invisible ones included. @default 16 */
  readonly maxChannels: number;
  /** Bytes of texts, profiles and EXIF, after decompression. @default 16 MB */
  readonly maxMetadataBytes: number;
  /** Longest side of the raster, in pixels. A larger picture is scaled down, a smaller one keeps its size. @default 1920 */
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

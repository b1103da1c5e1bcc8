/**
 * What a file says about its own cost, read from its structure alone, before a decoder sees it. Whatever the bytes are, a count
 * takes one pass over them and throws nothing: a damaged file is counted as far as it can be read.
 */
export interface FileCounts {
  /** Passes over the pixels: more than one for a progressive JPEG. */
  readonly scans?: number;
  /** Frames of an animation, pages of a document, directories of a TIFF. */
  readonly frames?: number;
  /** Per pixel, those that nobody sees included. */
  readonly channels?: number;
  /** Texts, profiles and EXIF, after decompression. */
  readonly metadataBytes?: number;
  /** Bytes that the decoder holds at once because of how the file is laid out: coefficients, a whole frame, a strip. */
  readonly heldBytes?: number;
  /** The same for each pixel of the picture, where the file does not say its size in one place. */
  readonly heldBytesPerPixel?: number;
}

import type { CropOptions } from '../images/crop.ts';
import type { EncodedPicture, JpegLimits } from '../images/encode-within.ts';
import type { ImageBounds, PictureFacts } from '../images/image.ts';
import type { RenderedPictures, RenderPlan } from '../images/render.ts';
import type { AttributeName, Box, Face } from './face.ts';

export interface AnalyzeOptions {
  /** Attributes to determine. Engines skip the work for all others. */
  readonly attributes: ReadonlySet<AttributeName>;
  /** Whether faces need an `embedding`. */
  readonly embeddings: boolean;
  readonly signal?: AbortSignal;
  /**
   * By when the result is needed, in milliseconds of `clock.monotonic()`. An engine that would wait longer for its
   * quota throws `Throttled` at once. Default: no deadline.
   */
  readonly deadline?: number;
  /** The file itself. A service in the same region reads it, so that the picture is not sent. */
  readonly source?: ImageSource;
}

export interface ImageSource {
  /** Presigned, valid for at least some minutes, percent-encoded. */
  readonly url: string;
  /** Size of the file. */
  readonly bytes: number;
}

/**
 * A decoded picture whose pixels are elsewhere, in a process that can be ended. What is made of them comes back: findings and
 * encoded pictures. Boxes are in pixels of the upright image.
 */
export interface DecodedPicture extends PictureFacts {
  /** As `sharpnessOf` measures it. */
  sharpness(box: Box): Promise<number>;
  /** The picture as a JPEG. */
  encode(limits: JpegLimits): Promise<EncodedPicture>;
  /** One face with its surroundings, as a JPEG. */
  crop(box: Box, options: CropOptions): Promise<Uint8Array>;
  /** Draws into the pixels, so it is the last that is asked; then the picture is closed. */
  render(plan: RenderPlan): Promise<RenderedPictures>;
  /** Lets the pixels go. It can be repeated. */
  close(): void;
}

/** A decoded picture whose faces can be asked for. */
export interface Picture extends DecodedPicture {
  /** Faces from the largest to the smallest. */
  faces(options: AnalyzeOptions): Promise<Face[]>;
}

export interface OpenOptions {
  readonly bounds: ImageBounds;
  /** Stops the work on the picture until it is closed. */
  readonly signal?: AbortSignal;
}

/** Opens pictures. */
export interface Pictures<P extends DecodedPicture> {
  /** Loads what the first picture needs; `open` does it if nobody did. It can be repeated. */
  warmUp(): Promise<void>;
  /**
   * Decodes a file. The caller closes the picture.
   *
   * Errors: `InvalidImage` with `details.reason`; `ImageTooLarge` with `details.bound`; `Throttled` when too many pictures wait.
   */
  open(bytes: Uint8Array, options: OpenOptions): Promise<P>;
  close(): Promise<void>;
}

/** Closes the picture after `work`. */
export async function withPicture<P extends DecodedPicture, R>(
  opening: Promise<P>,
  work: (picture: P) => Promise<R>,
): Promise<R> {
  const picture = await opening;
  try {
    return await work(picture);
  } finally {
    picture.close();
  }
}

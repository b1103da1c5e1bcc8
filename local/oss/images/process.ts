import pLimit from 'p-limit';
import type { Sharp } from 'sharp';
import { sniffFormat } from '../../../shared/images/format.ts';
import { isAppError } from '../../../shared/runtime/errors.ts';
import { missingPackageOf } from '../../http/missing-package.ts';
import { invalidArgument, notImplemented, OssRefusal } from '../errors.ts';
import type { BucketStore } from '../store/bucket.ts';
import type { ObjectVersion, Segment } from '../store/records.ts';
import { type Parameters, parseStep, readGravity, wholeNumber } from './parameters.ts';
import { watermark } from './watermark.ts';

export interface ProcessedImage {
  readonly bytes: Buffer;
  readonly contentType: string;
}

/** doc: larger originals are not processed. */
const MAX_IMAGE_BYTES = 20 * 1024 * 1024;
/** doc: the maximum for each side of a result. */
const MAX_SIDE = 16_384;
/** doc: the maximum of width times height of a resized picture. */
const MAX_RESULT_PIXELS = 16_777_216;
/** doc: the maximum for each side of an original that is rotated. */
const MAX_ROTATED_SIDE = 4096;
/** The service allows 250 million; this server shares the memory of a laptop. */
const MAX_ORIGINAL_PIXELS = 100_000_000;
/** For pictures that are decoded as a whole, not row by row. */
const MAX_WHOLE_PIXELS = 40_000_000;
/** This server's own: more steps are a mistake or an attack. */
const MAX_STEPS = 20;
/** For all steps together. */
const MAX_SECONDS = 10;
/** One at a time, so that many requests need no more memory than one. */
const inTurn = pLimit(1);

const DECODED: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif', 'heic']);

type Step = (image: Sharp, parameters: Parameters) => Sharp | Promise<Sharp>;

const FORMATS: Readonly<Record<string, { sharp: 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff'; type: string }>> = {
  jpg: { sharp: 'jpeg', type: 'image/jpeg' },
  jpeg: { sharp: 'jpeg', type: 'image/jpeg' },
  png: { sharp: 'png', type: 'image/png' },
  webp: { sharp: 'webp', type: 'image/webp' },
  gif: { sharp: 'gif', type: 'image/gif' },
  tiff: { sharp: 'tiff', type: 'image/tiff' },
};

const STEPS: Readonly<Record<string, Step>> = {
  'auto-orient': (image, parameters) => (parameters.has('1') ? image.rotate() : image),
  resize,
  crop,
  watermark,
  rotate: async (image, parameters) => {
    const [angle = ''] = parameters.keys();
    const { width = 1, height = 1 } = await image.metadata();
    if (Math.max(width, height) > MAX_ROTATED_SIDE) {
      const message = `Pictures of more than ${MAX_ROTATED_SIDE} pixels a side are not rotated.`;
      throw new OssRefusal('InvalidArgument', { message });
    }
    return image.rotate(wholeNumber('rotate', angle, 0, 360));
  },
};

/**
 * Executes `image/<step>,<name>_<value>,…/<step>…`. Unknown steps are refused, because a picture that lacks a step
 * would look as if it had been processed.
 */
export async function processImage(
  bucket: BucketStore,
  { segments, size }: ObjectVersion,
  process: string,
): Promise<ProcessedImage> {
  try {
    const [kind, ...steps] = process.split('/');
    if (kind !== 'image' || steps.length === 0) throw notImplemented(`x-oss-process=${process}`);
    if (size > MAX_IMAGE_BYTES)
      throw new OssRefusal('EntityTooLarge', { elements: { MaxSizeAllowed: String(MAX_IMAGE_BYTES) } });
    if (steps.length > MAX_STEPS) {
      throw invalidArgument('x-oss-process', String(steps.length), `At most ${MAX_STEPS} steps are allowed.`);
    }
    return await inTurn(async () => runSteps(await readAll(bucket, segments, size), steps.map(parseStep)));
  } catch (cause) {
    if (cause instanceof OssRefusal) throw cause;
    if (missingPackageOf(cause)) throw new OssRefusal('ImageProcessingUnavailable', { cause });
    if (isAppError(cause)) throw cause;
    throw unsupported(cause);
  }
}

async function readAll(bucket: BucketStore, segments: readonly Segment[], size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size);
  const stream = await bucket.read(segments, 0, size);
  try {
    let at = 0;
    for await (const piece of stream.pieces) at += piece.copy(bytes, at);
    return bytes;
  } finally {
    await stream.close();
  }
}

function unsupported(cause?: unknown): OssRefusal {
  return new OssRefusal('InvalidArgument', { message: 'This image format is not supported.', cause });
}

async function runSteps(
  bytes: Buffer,
  steps: { name: string; parameters: Parameters }[],
): Promise<ProcessedImage> {
  // Other formats that sharp decodes, above all SVG, may refer to other files.
  if (!DECODED.has(sniffFormat(bytes) ?? '')) throw unsupported();
  const { default: sharp } = await import('sharp');
  const end = performance.now() + 1000 * MAX_SECONDS;
  const bounded = (input: Buffer) => {
    // Counted in whole seconds; 0 would be no bound.
    const seconds = Math.max(1, Math.ceil((end - performance.now()) / 1000));
    return sharp(input, { limitInputPixels: MAX_ORIGINAL_PIXELS }).timeout({ seconds });
  };
  let image = bounded(bytes);
  const original = await image.metadata();
  const { width = 1, height = 1, isProgressive, format: coding } = original;
  const isByRow = (coding === 'jpeg' || coding === 'png') && !isProgressive;
  checkPixels(width * height, isByRow ? MAX_ORIGINAL_PIXELS : MAX_WHOLE_PIXELS);
  if (steps[0]!.name === 'info') return describe(bytes, original);
  let format = original.format === 'jpeg' ? 'jpg' : (original.format ?? '');
  let quality: number | undefined;
  for (const { name, parameters } of steps) {
    if (name === 'format') [format = ''] = parameters.keys();
    else if (name === 'quality') quality = readQuality(parameters);
    else {
      const step = STEPS[name];
      if (!step) throw notImplemented(`x-oss-process=image/${name}`);
      // Each step works on the result of the previous one: sharp alone would reorder them.
      image = bounded(await (await step(image, parameters)).png({ compressionLevel: 0 }).toBuffer());
      if (performance.now() > end)
        throw new OssRefusal('RequestTimeout', {
          message: `The steps take more than ${MAX_SECONDS} seconds.`,
        });
    }
  }
  const target = FORMATS[format];
  if (!target) throw invalidArgument('format', format);
  const output = await image
    .toFormat(
      target.sharp,
      quality !== undefined && ['jpeg', 'webp'].includes(target.sharp) ? { quality } : {},
    )
    .toBuffer();
  return { bytes: output, contentType: target.type };
}

/** Frames of an animation are not counted: only the first one is decoded. */
function checkPixels(pixels: number, max: number): void {
  if (pixels <= max) return;
  throw new OssRefusal('InvalidArgument', { message: `The picture would have more than ${max} pixels.` });
}

/** doc: `{"FileSize":{"value":"21839"},…}`; values are strings. */
function describe(
  bytes: Buffer,
  metadata: { format?: string; width?: number; height?: number },
): ProcessedImage {
  const value = (content: unknown) => ({ value: String(content) });
  const info = {
    FileSize: value(bytes.length),
    Format: value(metadata.format === 'jpeg' ? 'jpg' : metadata.format),
    ImageHeight: value(metadata.height),
    ImageWidth: value(metadata.width),
  };
  return { bytes: Buffer.from(JSON.stringify(info)), contentType: 'application/json' };
}

async function resize(image: Sharp, parameters: Parameters): Promise<Sharp> {
  const { width: originalWidth = 1, height: originalHeight = 1 } = await image.metadata();
  const percent = parameters.get('p');
  if (percent !== undefined) {
    const factor = wholeNumber('p', percent, 1, 1000) / 100;
    checkPixels(originalWidth * originalHeight * factor ** 2, MAX_RESULT_PIXELS);
    return image.resize(
      Math.max(1, Math.round(originalWidth * factor)),
      Math.max(1, Math.round(originalHeight * factor)),
      { fit: 'fill' },
    );
  }
  const side = (name: string) => {
    const text = parameters.get(name);
    return text === undefined ? undefined : wholeNumber(name, text, 1, MAX_SIDE);
  };
  let width = side('w');
  let height = side('h');
  const longest = side('l');
  const shortest = side('s');
  const lying = originalWidth >= originalHeight;
  if (longest !== undefined) [width, height] = lying ? [longest, undefined] : [undefined, longest];
  if (shortest !== undefined) [width, height] = lying ? [undefined, shortest] : [shortest, undefined];
  if (width === undefined && height === undefined)
    throw invalidArgument('resize', '', 'resize needs w, h, l, s or p.');
  const mode = parameters.get('m') ?? 'lfit';
  const fits = { lfit: 'inside', mfit: 'outside', fill: 'cover', pad: 'contain', fixed: 'fill' } as const;
  if (!(mode in fits)) throw invalidArgument('m', mode);
  // doc: pictures are enlarged only with `limit_0`.
  const withoutEnlargement = parameters.get('limit') !== '0';
  const scales = [(width ?? 0) / originalWidth, (height ?? 0) / originalHeight];
  const keepsShape = mode === 'lfit' || mode === 'mfit' || width === undefined || height === undefined;
  if (!keepsShape) checkPixels(width! * height!, MAX_RESULT_PIXELS);
  else {
    const wanted = mode === 'lfit' && width && height ? Math.min(...scales) : Math.max(...scales);
    const scale = withoutEnlargement ? Math.min(1, wanted) : wanted;
    // An original may be larger than that and stays as it is.
    if (scale > 1) checkPixels(originalWidth * originalHeight * scale ** 2, MAX_RESULT_PIXELS);
  }
  return image.resize({
    width,
    height,
    fit: fits[mode as keyof typeof fits],
    withoutEnlargement,
    background: `#${parameters.get('color') ?? 'FFFFFF'}`,
  });
}

async function crop(image: Sharp, parameters: Parameters): Promise<Sharp> {
  const { width: imageWidth = 1, height: imageHeight = 1 } = await image.metadata();
  const read = (name: string, fallback: number) => {
    const text = parameters.get(name);
    return text === undefined ? fallback : wholeNumber(name, text, 0, MAX_SIDE);
  };
  const width = Math.min(read('w', imageWidth), imageWidth);
  const height = Math.min(read('h', imageHeight), imageHeight);
  const { column, row } = readGravity(parameters.get('g') ?? 'nw');
  const left = Math.round(((imageWidth - width) * column) / 2) + read('x', 0);
  const top = Math.round(((imageHeight - height) * row) / 2) + read('y', 0);
  if (left >= imageWidth || top >= imageHeight)
    throw invalidArgument('crop', `${left},${top}`, 'The crop lies outside the picture.');
  return image.extract({
    left,
    top,
    width: Math.min(width, imageWidth - left),
    height: Math.min(height, imageHeight - top),
  });
}

function readQuality(parameters: Parameters): number {
  const text = parameters.get('q') ?? parameters.get('Q') ?? '';
  return wholeNumber('q', text, 1, 100);
}

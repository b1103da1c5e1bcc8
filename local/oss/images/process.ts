import type { Readable } from 'node:stream';
import type { Sharp } from 'sharp';
import { sniffFormat } from '../../../shared/images/format.ts';
import { collect } from '../../../shared/runtime/request-body.ts';
import { missingPackageOf } from '../../http/missing-package.ts';
import { invalidArgument, notImplemented, OssRefusal } from '../errors.ts';
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
  rotate: (image, parameters) => {
    const [angle = ''] = parameters.keys();
    return image.rotate(wholeNumber('rotate', angle, 0, 360));
  },
};

/**
 * Executes `image/<step>,<name>_<value>,…/<step>…`. Unknown steps are refused, because a picture that lacks a step
 * would look as if it had been processed.
 */
export async function processImage(source: Readable, size: number, process: string): Promise<ProcessedImage> {
  try {
    const [kind, ...steps] = process.split('/');
    if (kind !== 'image' || steps.length === 0) throw notImplemented(`x-oss-process=${process}`);
    const refuse = () =>
      new OssRefusal('EntityTooLarge', { elements: { MaxSizeAllowed: String(MAX_IMAGE_BYTES) } });
    if (size > MAX_IMAGE_BYTES) throw refuse();
    const bytes = await collect(source, { maxBytes: MAX_IMAGE_BYTES, refuse });
    return await runSteps(bytes, steps.map(parseStep));
  } catch (cause) {
    if (cause instanceof OssRefusal) throw cause;
    if (missingPackageOf(cause)) throw new OssRefusal('ImageProcessingUnavailable', { cause });
    throw unsupported(cause);
  } finally {
    source.destroy();
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
  let image = sharp(bytes);
  const original = await image.metadata();
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
      image = sharp(await (await step(image, parameters)).png({ compressionLevel: 0 }).toBuffer());
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
  return image.resize({
    width,
    height,
    fit: fits[mode as keyof typeof fits],
    // doc: pictures are enlarged only with `limit_0`.
    withoutEnlargement: parameters.get('limit') !== '0',
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

import type { Readable } from 'node:stream';
import type { Sharp } from 'sharp';
import { sniffFormat } from '../../../shared/images/format.ts';
import { invalidArgument, notImplemented, OssRefusal } from '../errors.ts';
import { type Parameters, parseStep, readGravity, wholeNumber } from './parameters.ts';
import { watermark } from './watermark.ts';

export interface ProcessedImage {
  readonly bytes: Buffer;
  readonly contentType: string;
}

/** doc: larger originals are not processed. */
const MAX_IMAGE = 20 * 1024 * 1024;
/** doc: neither side of a result may be longer. */
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
 * Carries out `image/<step>,<name>_<value>,…/<step>…`. Steps that are not known are refused: a picture that was not
 * processed as asked would look as if it had been.
 */
export async function processImage(source: Readable, size: number, process: string): Promise<ProcessedImage> {
  try {
    const [kind, ...steps] = process.split('/');
    if (kind !== 'image' || steps.length === 0) throw notImplemented(`x-oss-process=${process}`);
    if (size > MAX_IMAGE) {
      throw new OssRefusal('EntityTooLarge', { elements: { MaxSizeAllowed: String(MAX_IMAGE) } });
    }
    return await runSteps(await collect(source), steps.map(parseStep));
  } catch (cause) {
    if (cause instanceof OssRefusal) throw cause;
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
  // What sharp would decode besides, SVG above all, may name other files.
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
      // Each step sees the outcome of the one before: sharp alone would reorder them.
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

/** doc: `{"FileSize":{"value":"21839"},…}`; values are text. */
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
    // doc: pictures are not enlarged unless `limit_0` says so.
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

async function collect(source: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

import type { ImageFormat } from '../image.ts';
import type { FileCounts } from './counts.ts';
import type { PixelLayout } from './memory.ts';

/** Milliseconds per megapixel of one byte per channel, measured with noisy pictures of 12 and 100 megapixels. */
const PER_MEGAPIXEL: Readonly<Record<ImageFormat, number>> = {
  jpeg: 10,
  png: 15,
  webp: 30,
  gif: 25,
  tiff: 15,
  avif: 120,
};
/** Of each scan of a JPEG after the first. */
const PER_SCAN = 3;

/** Processor time of decoding in milliseconds: a rough expectation, which decides who waits for whom and refuses nothing. */
export function estimateProcessorMs(layout: PixelLayout, { scans = 1 }: FileCounts): number {
  const { format, width, height, channels, bytesPerChannel } = layout;
  const depth = Math.max(1, (channels * bytesPerChannel) / 3);
  return ((width * height) / 1e6) * (PER_MEGAPIXEL[format] * depth + PER_SCAN * (scans - 1));
}

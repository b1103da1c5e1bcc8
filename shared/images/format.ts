import type { ImageFormat } from './image.ts';

/** Formats that people upload and that are not accepted. They are detected so that the message can name them. */
export type RefusedFormat = 'heic' | 'svg' | 'pdf' | 'bmp' | 'jpeg-xl';

/**
 * Detects the format from the first bytes; key and content type come from the uploader and prove nothing.
 * Returns `undefined` for an unknown format.
 */
export function sniffFormat(bytes: Uint8Array): ImageFormat | RefusedFormat | undefined {
  const head = latin1(bytes, 0, 64);
  if (head.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (head.startsWith('RIFF') && head.startsWith('WEBP', 8)) return 'webp';
  if (/^GIF8[79]a/.test(head)) return 'gif';
  if (/^(II[*+]\0|MM\0[*+])/.test(head)) return 'tiff';
  if (head.startsWith('ftyp', 4)) return sniffIsoMedia(bytes);
  if (head.startsWith('%PDF-')) return 'pdf';
  if (head.startsWith('BM')) return 'bmp';
  if (head.startsWith('\xff\x0a') || head.startsWith('JXL ', 4)) return 'jpeg-xl';
  if (/^(\xef\xbb\xbf)?\s*<(\?xml|svg|!DOCTYPE svg|!--)/i.test(head)) return 'svg';
  return undefined;
}

/** ISO/IEC 14496-12 file type box: the major brand, a version, then compatible brands of four letters each. */
function sniffIsoMedia(bytes: Uint8Array): ImageFormat | RefusedFormat | undefined {
  const brands: string[] = latin1(bytes, 8, Math.min(uint32(bytes, 0), 256)).match(/.{4}/gs) ?? [];
  if (brands.includes('avif') || brands.includes('avis')) return 'avif';
  if (brands.some((brand) => /^(hei[cmsx]|hev[cmsx]|mif1|msf1)$/.test(brand))) return 'heic';
  return undefined;
}

/**
 * Whether the file is shorter than its own structure says. Used only after a decoder failed, to distinguish an
 * interrupted upload from a damaged file. A JPEG does not state its length, so its decoder's message decides.
 */
export function isTruncated(format: ImageFormat, bytes: Uint8Array): boolean {
  switch (format) {
    case 'png':
      return !latin1(bytes, 0, bytes.length).includes('IEND');
    case 'webp':
      return uint32(bytes, 4, true) + 8 > bytes.length;
    case 'gif':
      return bytes.at(-1) !== 0x3b;
    case 'tiff':
      return uint32(bytes, 4, bytes[0] === 0x49) >= bytes.length;
    case 'avif':
      return endOfBoxes(bytes) > bytes.length;
    case 'jpeg':
      return false;
  }
}

/** Offset at which the last top-level box of an ISO media file should end. */
function endOfBoxes(bytes: Uint8Array): number {
  let end = 0;
  while (end + 8 <= bytes.length) {
    const size = uint32(bytes, end);
    // 0 means "to the end of the file", 1 a 64-bit size; neither can be checked against the length here.
    if (size < 8) return bytes.length;
    end += size;
  }
  return end;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', start, end);
}

function uint32(bytes: Uint8Array, offset: number, littleEndian = false): number {
  if (offset + 4 > bytes.length) return 0;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset, littleEndian);
}

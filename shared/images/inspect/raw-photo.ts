import { invalidImage } from './errors.ts';
import { readTiff, TAG, type TiffDirectory } from './tiff-directories.ts';

/** The picture of a TIFF file to work on. */
export type TiffPicture =
  | { readonly directory: TiffDirectory; readonly page: number }
  /** A complete JPEG inside the file of a raw photo, with the orientation of the photo. */
  | { readonly preview: Buffer };

/** Bit 0 of NewSubfileType: "reduced-resolution version of another image". Source: TIFF 6.0, section 8. */
const REDUCED = 1;
/** Photometric interpretations of a sensor's values. Source: DNG 1.6, CFA and LinearRaw. */
const SENSOR: readonly number[] = [32803, 34892];
/** Smaller previews are thumbnails: faces in them are too small to be found. */
const MIN_PREVIEW_SIDE = 1000;

/**
 * Usually the first picture. Where that is a thumbnail, the largest other one. In a raw photo (DNG, NEF, ARW and the like) the
 * others are values of a sensor, which no decoder here can develop: then the largest JPEG inside the file.
 *
 * Returns `undefined` for a file without pictures. Throws `InvalidImage` with the reason `refused-format` for a raw photo
 * without a large preview.
 */
export function choosePicture(bytes: Buffer): TiffPicture | undefined {
  const directories = readTiff(bytes);
  const [first] = directories;
  if (!first) return undefined;
  if (!isRaw(first, directories)) {
    const directory = isReduced(first) ? largest(directories.filter(isPage)) : first;
    return { directory, page: directory.page! };
  }
  const jpegs = directories.flatMap((directory) => embeddedJpegs(directory, bytes));
  const best = jpegs.reduce((a, b) => (b.side > a.side ? b : a), { preview: Buffer.alloc(0), side: 0 });
  if (best.side < Math.min(MIN_PREVIEW_SIDE, sideOf(largest(directories)) / 2)) {
    throw invalidImage('refused-format', 'it is a raw photo without a large preview in JPEG', {
      format: 'raw',
    });
  }
  return { preview: withOrientation(best.preview, first.value(TAG.orientation, 1)) };
}

/** A thumbnail of a picture that is not a page of its own counts too: its other forms are known to cameras alone. */
function isRaw(first: TiffDirectory, all: readonly TiffDirectory[]): boolean {
  if (first.count(TAG.dngVersion) > 0) return true;
  if (all.some(({ value }) => SENSOR.includes(value(TAG.photometric, 0)))) return true;
  return isReduced(first) && !isPage(largest(all));
}

function isReduced({ value }: TiffDirectory): boolean {
  return (value(TAG.subfileType, 0) & REDUCED) !== 0;
}

function isPage({ page }: TiffDirectory): boolean {
  return page !== undefined;
}

function largest(directories: readonly TiffDirectory[]): TiffDirectory {
  return directories.reduce((a, b) => (sideOf(b) > sideOf(a) ? b : a));
}

function sideOf({ value }: TiffDirectory): number {
  return Math.max(value(TAG.width, 0), value(TAG.height, 0));
}

interface EmbeddedJpeg {
  readonly preview: Buffer;
  /** Longest side in pixels. */
  readonly side: number;
}

/** A directory holds its JPEG in one strip, or names it by offset and length. */
function embeddedJpegs({ value, count }: TiffDirectory, file: Buffer): EmbeddedJpeg[] {
  const places: [offset: number, length: number][] = [[value(TAG.jpegOffset, 0), value(TAG.jpegLength, 0)]];
  if (count(TAG.stripOffsets) === 1) places.push([value(TAG.stripOffsets, 0), value(TAG.stripByteCounts, 0)]);
  return places.flatMap(([offset, length]) => {
    const preview = file.subarray(offset, offset + length);
    const side = offset > 0 ? jpegSide(preview) : 0;
    return side > 0 ? [{ preview, side }] : [];
  });
}

/** Cameras write the orientation of a preview only beside it. A preview that has EXIF of its own keeps it. */
function withOrientation(jpeg: Buffer, orientation: number): Buffer {
  const hasExif = jpeg.subarray(0, 64).includes('Exif\0\0');
  if (orientation === 1 || hasExif) return jpeg;
  return Buffer.concat([jpeg.subarray(0, 2), exifOfOrientation(orientation), jpeg.subarray(2)]);
}

/** An APP1 segment whose only field is the orientation. Source: Exif 2.32, 4.5.4 and 4.6.4. */
function exifOfOrientation(orientation: number): Buffer {
  const directory = Buffer.alloc(18);
  directory.writeUInt16BE(1, 0);
  directory.writeUInt16BE(TAG.orientation, 2);
  directory.writeUInt16BE(3, 4);
  directory.writeUInt32BE(1, 6);
  directory.writeUInt16BE(orientation, 10);
  const content = Buffer.concat([Buffer.from('Exif\0\0MM\0*\0\0\0\x08', 'latin1'), directory]);
  const head = Buffer.from([0xff, 0xe1, 0, content.length + 2]);
  return Buffer.concat([head, content]);
}

/** Longest side of a JPEG that decoders accept: 8 bits, baseline or progressive. 0 for anything else. */
function jpegSide(bytes: Buffer): number {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return 0;
  for (let at = 2; at + 9 <= bytes.length; ) {
    const marker = bytes.readUInt16BE(at);
    if (marker >= 0xffc0 && marker <= 0xffc2) {
      return bytes[at + 4] === 8 ? Math.max(bytes.readUInt16BE(at + 5), bytes.readUInt16BE(at + 7)) : 0;
    }
    // Quantization, Huffman tables, restart interval, comments and application data come before the frame.
    const isTable = marker === 0xffdb || marker === 0xffc4 || marker === 0xffdd || marker === 0xfffe;
    if (!isTable && (marker < 0xffe0 || marker > 0xffef)) return 0;
    at += 2 + Math.max(2, bytes.readUInt16BE(at + 2));
  }
  return 0;
}

// Writes TIFF files (little-endian) field by field, for files that no encoder makes.

/** Types: 1 byte, 3 short, 4 long. */
export type TiffField = readonly [tag: number, type: 1 | 3 | 4, values: readonly number[]];

export interface TiffPage {
  readonly width: number;
  readonly height: number;
  /** How the values are to be understood, by the numbers of TIFF 6.0. */
  readonly photometric: number;
  /** 8-bit values of every pixel, one per channel. */
  readonly values: readonly number[];
  /** What the file says; the pixels are not compressed. @default 1, none */
  readonly compression?: number;
  /** @default 0 */
  readonly subfileType?: number;
}

const COLOURS: Readonly<Record<number, number>> = { 1: 1, 2: 3, 5: 4 };

/** Pages of one colour each. */
export function tiffOfPages(pages: readonly TiffPage[]): Buffer {
  const pieces: Buffer[] = [];
  let at = 8;
  pages.forEach(({ width, height, photometric, values, compression = 1, subfileType = 0 }, index) => {
    const pixels = Buffer.alloc(pixelBytes(pages[index]!), Buffer.from(values));
    const spare = values.length - COLOURS[photometric]!;
    const fields: TiffField[] = [
      [254, 4, [subfileType]],
      [256, 4, [width]],
      [257, 4, [height]],
      [258, 3, values.map(() => 8)],
      [259, 3, [compression]],
      [262, 3, [photometric]],
      [273, 4, [at]],
      [277, 3, [values.length]],
      [278, 4, [height]],
      [279, 4, [width * height * values.length]],
    ];
    if (spare > 0) fields.push([338, 3, Array<number>(spare).fill(0)]);
    const directoryAt = at + pixels.length;
    const { length } = tiffDirectory(fields, 0, directoryAt);
    const next = index + 1 < pages.length ? directoryAt + length + pixelBytes(pages[index + 1]!) : 0;
    pieces.push(pixels, tiffDirectory(fields, next, directoryAt));
    at = directoryAt + length;
  });
  return Buffer.concat([tiffHead(8 + pixelBytes(pages[0]!)), ...pieces]);
}

/** Bytes of the pixels of a page, which come before its directory, padded to an even number. */
function pixelBytes({ width, height, values }: TiffPage): number {
  const bytes = width * height * values.length;
  return bytes + (bytes & 1);
}

/** The first eight bytes of a file. */
export function tiffHead(firstDirectory: number): Buffer {
  const head = Buffer.from('II*\0\0\0\0\0', 'latin1');
  head.writeUInt32LE(firstDirectory, 4);
  return head;
}

/** A directory for position `at` of the file. Values that do not fit into a field follow it. */
export function tiffDirectory(fields: readonly TiffField[], next: number, at = 0): Buffer {
  const bytes = Buffer.alloc(2 + 12 * fields.length + 4);
  const outside: Buffer[] = [];
  let end = at + bytes.length;
  bytes.writeUInt16LE(fields.length, 0);
  const sorted = fields.toSorted(([a], [b]) => a - b);
  for (const [i, [tag, type, values]] of sorted.entries()) {
    const size = { 1: 1, 3: 2, 4: 4 }[type]!;
    const packed = Buffer.alloc(Math.max(4, size * values.length));
    values.forEach((value, n) => void packed.writeUIntLE(value, size * n, size));
    bytes.writeUInt16LE(tag, 2 + 12 * i);
    bytes.writeUInt16LE(type, 4 + 12 * i);
    bytes.writeUInt32LE(values.length, 6 + 12 * i);
    if (packed.length === 4) {
      packed.copy(bytes, 10 + 12 * i);
    } else {
      bytes.writeUInt32LE(end, 10 + 12 * i);
      outside.push(packed);
      end += packed.length;
    }
  }
  bytes.writeUInt32LE(next, bytes.length - 4);
  return Buffer.concat([bytes, ...outside]);
}

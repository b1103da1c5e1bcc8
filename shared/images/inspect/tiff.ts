import type { FileCounts } from './counts.ts';

/** Tags of TIFF 6.0 and its supplements. */
const TAG = {
  width: 256,
  height: 257,
  bitsPerSample: 258,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  tileWidth: 322,
  tileHeight: 323,
  subDirectories: 330,
} as const;

/** Bytes of a value, by type of a field. */
const SIZES: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 13: 4, 16: 8, 18: 8 };
const WANTED: ReadonlySet<number> = new Set(Object.values(TAG));
/** Further fields are not read: directories may overlap, and one of 65,535 fields may begin at each byte. */
const MAX_FIELDS = 1_000_000;

interface Field {
  readonly type: number;
  readonly count: number;
  /** Where the values are. */
  readonly at: number;
}

interface Directory {
  readonly fields: ReadonlyMap<number, Field>;
  readonly next: number;
}

/** Directories, those below others included, and the size of what is decoded in one piece. */
export function countTiff(bytes: Buffer): FileCounts {
  const reader = createReader(bytes);
  const visited = new Set<number>();
  const open = [reader.firstDirectory];
  let first: Directory | undefined;
  while (open.length > 0 && reader.fieldsRead() < MAX_FIELDS) {
    const at = open.pop()!;
    // A directory that leads back to itself would be walked for ever.
    if (at === 0 || visited.has(at)) continue;
    const directory = reader.directory(at);
    if (!directory) continue;
    visited.add(at);
    first ??= directory;
    open.push(directory.next, ...reader.values(directory.fields.get(TAG.subDirectories)));
  }
  if (!first) return { frames: 0 };
  const channels = reader.values(first.fields.get(TAG.samplesPerPixel), 1)[0] ?? 1;
  return { frames: visited.size, channels, heldBytes: pieceBytes(first, reader) };
}

/** Of a strip, or of a row of tiles. */
function pieceBytes({ fields }: Directory, reader: Reader): number {
  const value = (tag: number, absent: number) => reader.values(fields.get(tag), 1)[0] ?? absent;
  const width = value(TAG.width, 0);
  const height = value(TAG.height, 0);
  const bytesPerPixel = Math.ceil((value(TAG.bitsPerSample, 1) * value(TAG.samplesPerPixel, 1)) / 8);
  const tileHeight = value(TAG.tileHeight, 0);
  const tileWidth = value(TAG.tileWidth, 1) || 1;
  const rows = tileHeight > 0 ? tileHeight : Math.min(height, value(TAG.rowsPerStrip, height));
  const columns = tileHeight > 0 ? Math.ceil(width / tileWidth) * tileWidth : width;
  return rows * columns * bytesPerPixel;
}

interface Reader {
  readonly firstDirectory: number;
  fieldsRead(): number;
  directory(at: number): Directory | undefined;
  /** At most `most` of a field's values; none of a field that lies outside the file. */
  values(field: Field | undefined, most?: number): number[];
}

/** TIFF 6.0 (32-bit offsets) and BigTIFF (64-bit offsets). */
function createReader(bytes: Buffer): Reader {
  const little = bytes[0] === 0x49;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isBig = bytes.length > 16 && view.getUint16(2, little) === 43;
  const offsetSize = isBig ? 8 : 4;
  const entrySize = isBig ? 20 : 12;
  const countSize = isBig ? 8 : 2;

  /** Of one to eight bytes; 0 outside the file. */
  const number = (at: number, size: number): number => {
    if (at < 0 || at + size > bytes.length) return 0;
    if (size === 1) return view.getUint8(at);
    if (size === 2) return view.getUint16(at, little);
    return size === 4 ? view.getUint32(at, little) : Number(view.getBigUint64(at, little));
  };

  let fieldsRead = 0;
  return {
    firstDirectory: number(isBig ? 8 : 4, offsetSize),
    fieldsRead: () => fieldsRead,
    directory(at) {
      const count = number(at, countSize);
      const end = at + countSize + count * entrySize;
      fieldsRead += 1;
      if (count === 0 || end > bytes.length) return undefined;
      fieldsRead += count;
      const fields = new Map<number, Field>();
      for (let entry = at + countSize; entry < end; entry += entrySize) {
        const tag = number(entry, 2);
        if (!WANTED.has(tag)) continue;
        const type = number(entry + 2, 2);
        const valueCount = number(entry + 4, offsetSize);
        const place = entry + 4 + offsetSize;
        const fits = valueCount * (SIZES[type] ?? 8) <= offsetSize;
        fields.set(tag, { type, count: valueCount, at: fits ? place : number(place, offsetSize) });
      }
      return { fields, next: number(end, offsetSize) };
    },
    values(field, most = MAX_FIELDS) {
      const size = field && SIZES[field.type];
      if (!size) return [];
      const count = Math.min(field.count, most, Math.max(0, Math.floor((bytes.length - field.at) / size)));
      fieldsRead += count;
      return Array.from({ length: count }, (_, i) => number(field.at + i * size, size));
    },
  };
}

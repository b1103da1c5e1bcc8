/** Tags of TIFF 6.0, its supplements and DNG. */
export const TAG = {
  subfileType: 254,
  width: 256,
  height: 257,
  bitsPerSample: 258,
  photometric: 262,
  stripOffsets: 273,
  orientation: 274,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  tileWidth: 322,
  tileHeight: 323,
  subDirectories: 330,
  jpegOffset: 513,
  jpegLength: 514,
  xmp: 700,
  iptc: 33723,
  photoshop: 34377,
  icc: 34675,
  dngVersion: 50706,
} as const;

/** Bytes of a value, by type of a field. */
const SIZES: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 7: 1, 13: 4, 16: 8, 18: 8 };
const WANTED: ReadonlySet<number> = new Set(Object.values(TAG));
/** Further fields are not read: directories may overlap, and one of 65,535 fields may begin at each byte. */
const MAX_FIELDS = 1_000_000;

interface Field {
  readonly type: number;
  readonly count: number;
  /** Position of the values. */
  readonly at: number;
}

/** One picture of the file. */
export interface TiffDirectory {
  /** Its position in the chain of pictures; `undefined` for one below another. */
  readonly page?: number;
  /** At most `most` values of a field; none if the field is absent or outside the file. */
  values(tag: number, most?: number): number[];
  /** The first value of a field. */
  value(tag: number, absent: number): number;
  /** Number of values of a field. */
  count(tag: number): number;
}

/** All directories, those below others included, the first one first. Takes bounded time, whatever the bytes. */
export function readTiff(bytes: Buffer): TiffDirectory[] {
  const reader = createReader(bytes);
  const found: TiffDirectory[] = [];
  const visited = new Set<number>();
  const open: { at: number; page?: number }[] = [{ at: reader.firstDirectory, page: 0 }];
  while (open.length > 0 && reader.fieldsRead() < MAX_FIELDS) {
    const { at, page } = open.pop()!;
    // A directory that leads back to itself would be walked for ever.
    if (at === 0 || visited.has(at)) continue;
    const directory = reader.directory(at);
    if (!directory) continue;
    visited.add(at);
    const { fields, next } = directory;
    const values = (tag: number, most?: number) => reader.values(fields.get(tag), most);
    found.push({
      page,
      values,
      value: (tag, absent) => values(tag, 1)[0] ?? absent,
      count: (tag) => fields.get(tag)?.count ?? 0,
    });
    for (const below of values(TAG.subDirectories)) open.push({ at: below });
    open.push({ at: next, page: page === undefined ? undefined : page + 1 });
  }
  return found;
}

interface Directory {
  readonly fields: ReadonlyMap<number, Field>;
  readonly next: number;
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

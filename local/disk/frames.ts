import type { FileHandle } from 'node:fs/promises';
import { crc32 } from './checksum.ts';

/**
 * An entry of a log: a text, and bytes that it may be about.
 *
 *     0   4  `MFL1`
 *     4   6  sequence number: one more than that of the frame before
 *    10   2  kind
 *    12   4  length of the bytes     16   4  length of the text
 *    20   4  CRC-32 of the bytes     24   4  CRC-32 of the text
 *    28   4  CRC-32 of these 28 bytes
 *    32      the bytes, then the text in UTF-8
 *
 * Numbers are little-endian.
 */
export interface Frame {
  readonly seq: number;
  readonly kind: FrameKind;
  /** Where its header begins. */
  readonly offset: number;
  readonly end: number;
  readonly text: string;
  readonly bytes: Buffer;
  /** `false` if the bytes do not match their checksum; the text does. */
  readonly intact: boolean;
}

export type FrameKind =
  | 'entry'
  /** The first of frames that state everything again: those before it count no more. */
  | 'snapshot'
  /** Stands for frames that are lost; its number is that of the last of them. Nothing is in it. */
  | 'void';

const KINDS: readonly FrameKind[] = ['entry', 'snapshot', 'void'];

/** A stretch of a log that is no valid frame. */
export interface Gap {
  readonly offset: number;
  readonly end: number;
}

export const HEADER_BYTES = 32;
const MAGIC_BYTES = Buffer.from('MFL1');
const READ_BYTES = 1024 * 1024;

export function encodeFrame(seq: number, text: string, bytes?: Buffer, kind: FrameKind = 'entry'): Buffer {
  const bytesLength = bytes?.length ?? 0;
  const textLength = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bytesLength + textLength);
  const textStart = HEADER_BYTES + bytesLength;
  if (bytes) bytes.copy(frame, HEADER_BYTES);
  frame.write(text, textStart);
  MAGIC_BYTES.copy(frame);
  frame.writeUIntLE(seq, 4, 6);
  frame.writeUInt16LE(KINDS.indexOf(kind), 10);
  frame.writeUInt32LE(bytesLength, 12);
  frame.writeUInt32LE(textLength, 16);
  frame.writeUInt32LE(crc32(frame.subarray(HEADER_BYTES, textStart)), 20);
  frame.writeUInt32LE(crc32(frame.subarray(textStart)), 24);
  frame.writeUInt32LE(crc32(frame.subarray(0, 28)), 28);
  return frame;
}

/** Fills a stretch of a log, of `HEADER_BYTES` at least, in which frames were lost, up to the one with number `seq`. */
export function encodeVoid(seq: number, length: number): Buffer {
  return encodeFrame(seq, '', Buffer.alloc(length - HEADER_BYTES), 'void');
}

/**
 * Reads the frames of a file from an offset, in batches, and the gaps between them. Behind a damaged header the next frame
 * is searched for. Its sequence number must be possible there, so that a copy of a log that somebody stored is not taken
 * for the log itself.
 *
 * @param seq the sequence number of the first frame; without it, any
 */
export async function* readFrames(
  file: FileHandle,
  from = 0,
  seq?: number,
): AsyncGenerator<readonly (Frame | Gap)[]> {
  let buffer: Buffer = Buffer.alloc(0);
  /** The offset of the buffer in the file. */
  let base = from;
  let expected = seq;
  let gapStart: number | undefined;
  for (let isLast = false; !isLast; ) {
    const wanted = buffer.length + READ_BYTES;
    buffer = await readMore(file, buffer, base, wanted);
    isLast = buffer.length < wanted;
    const found: (Frame | Gap)[] = [];
    let at = 0;
    while (at < buffer.length) {
      const skipped = gapStart === undefined ? 0 : base + at - gapStart;
      const header = readHeader(buffer, at, expected, skipped);
      if (header === 'cut' && !isLast) break;
      if (typeof header === 'object') {
        const end = at + HEADER_BYTES + header.bytesLength + header.textLength;
        if (end > buffer.length && !isLast) break;
        const frame = readFrame(buffer, at, base, header);
        if (frame) {
          if (gapStart !== undefined) found.push({ offset: gapStart, end: base + at });
          gapStart = undefined;
          found.push(frame);
          expected = header.seq + 1;
        } else gapStart ??= base + at;
        at = Math.min(end, buffer.length);
        continue;
      }
      gapStart ??= base + at;
      const next = buffer.indexOf(MAGIC_BYTES, at + 1);
      // The last bytes may be the beginning of the next magic number.
      if (next >= 0) at = next;
      else at = isLast ? buffer.length : Math.max(at + 1, buffer.length - MAGIC_BYTES.length + 1);
    }
    base += at;
    buffer = buffer.subarray(at);
    if (isLast && gapStart !== undefined) found.push({ offset: gapStart, end: base });
    if (found.length > 0) yield found;
  }
}

/** The same bytes and those that follow, `wanted` in all; fewer if the file ends. */
async function readMore(file: FileHandle, buffer: Buffer, base: number, wanted: number): Promise<Buffer> {
  const more = Buffer.allocUnsafe(wanted);
  let length = buffer.copy(more);
  while (length < wanted) {
    const { bytesRead } = await file.read(more, length, wanted - length, base + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return more.subarray(0, length);
}

interface Header {
  readonly seq: number;
  readonly kind: FrameKind;
  readonly bytesLength: number;
  readonly textLength: number;
}

/** Whether a file that begins with these bytes begins with a snapshot. */
export function isSnapshot(start: Buffer): boolean {
  const header = readHeader(start, 0, undefined, 0);
  return typeof header === 'object' && header.kind === 'snapshot';
}

/**
 * @param expected the sequence number that is due
 * @param skipped how many bytes before the header are damaged: it may be one that many frames later
 */
function readHeader(
  buffer: Buffer,
  at: number,
  expected: number | undefined,
  skipped: number,
): Header | 'cut' | undefined {
  if (at + HEADER_BYTES > buffer.length) return 'cut';
  if (!buffer.subarray(at, at + MAGIC_BYTES.length).equals(MAGIC_BYTES)) return undefined;
  if (buffer.readUInt32LE(at + 28) !== crc32(buffer.subarray(at, at + 28))) return undefined;
  const seq = buffer.readUIntLE(at + 4, 6);
  const kind = KINDS[buffer.readUInt16LE(at + 10)];
  const bytesLength = buffer.readUInt32LE(at + 12);
  const lost = (skipped + (kind === 'void' ? bytesLength : 0)) / HEADER_BYTES;
  if (kind === undefined || (expected !== undefined && (seq < expected || seq > expected + lost)))
    return undefined;
  return { seq, kind, bytesLength, textLength: buffer.readUInt32LE(at + 16) };
}

/** `undefined` if its text is damaged or cut off. */
function readFrame(
  buffer: Buffer,
  at: number,
  base: number,
  { seq, kind, bytesLength, textLength }: Header,
): Frame | undefined {
  const textStart = at + HEADER_BYTES + bytesLength;
  const end = textStart + textLength;
  if (end > buffer.length) return undefined;
  const text = buffer.subarray(textStart, end);
  if (crc32(text) !== buffer.readUInt32LE(at + 24)) return undefined;
  const bytes = buffer.subarray(at + HEADER_BYTES, textStart);
  const intact = crc32(bytes) === buffer.readUInt32LE(at + 20);
  return { seq, kind, offset: base + at, end: base + end, text: text.toString('utf8'), bytes, intact };
}

import { constants, deflateRawSync, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { pngChunk } from './png-chunk.ts';
import { type TiffField, tiffDirectory, tiffHead } from './tiff.ts';

// Files that cost a decoder far more than their size says, one maker per kind.

/** A progressive JPEG of one colour whose last scan is repeated. */
export async function jpegOfScans(scans: number, width = 64, height = 64): Promise<Buffer> {
  const file = await flat(width, height).jpeg({ progressive: true, quality: 50 }).toBuffer();
  const starts = scanStarts(file);
  const end = file.length - 2;
  const last = file.subarray(starts.at(-1)!, end);
  const repeats = Math.max(0, scans - starts.length);
  return Buffer.concat([file.subarray(0, end), ...Array<Buffer>(repeats).fill(last), file.subarray(end)]);
}

/** Where each SOS marker is. Markers in coded data are followed by a zero. */
function scanStarts(file: Buffer): number[] {
  const starts: number[] = [];
  for (let at = file.indexOf('ffda', 0, 'hex'); at >= 0; at = file.indexOf('ffda', at + 2, 'hex'))
    starts.push(at);
  return starts;
}

export interface FlatJpegOptions {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 colours, 4 CMYK; none is subsampled. */
  readonly components: 1 | 3 | 4;
}

/** A progressive JPEG of one colour, written without an encoder: with only two scans per component, most of it zeros. */
export function progressiveJpeg({ width, height, components }: FlatJpegOptions): Buffer {
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  const ids = Array.from({ length: components }, (_, i) => i + 1);
  const frame = [8, height >> 8, height & 255, width >> 8, width & 255, components];
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    jpegSegment(0xdb, [0, ...Array<number>(64).fill(1)]),
    jpegSegment(0xc2, [...frame, ...ids.flatMap((id) => [id, 0x11, 0])]),
    // One code of one bit each: no difference, and a run of 16,384 blocks or more that end.
    jpegSegment(0xc4, [0x00, 1, ...Array<number>(15).fill(0), 0]),
    jpegSegment(0xc4, [0x10, 1, ...Array<number>(15).fill(0), 0xe0]),
    ...ids.flatMap((id) => [
      jpegSegment(0xda, [1, id, 0, 0, 0, 0]),
      Buffer.alloc(Math.ceil(blocks / 8)),
      jpegSegment(0xda, [1, id, 0, 1, 63, 0]),
      endOfBandRuns(blocks),
    ]),
    Buffer.from([0xff, 0xd9]),
  ]);
}

/** Each run is the code 0 and 14 more bits, which add to 16,384. */
function endOfBandRuns(blocks: number): Buffer {
  const runs = Math.ceil(blocks / 16_384);
  return Buffer.alloc(Math.ceil((15 * runs) / 8));
}

function jpegSegment(marker: number, content: readonly number[]): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([head, Buffer.from(content)]);
}

/** A black interlaced PNG of four channels and 16 bits. */
export function interlacedPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([16, 6, 0, 0, 1], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    // Seven passes have one byte more per row; some spare bytes do not matter.
    pngChunk('IDAT', zerosDeflated(width * height * 8 + 4 * height + 1000)),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

const ZEROS_PER_PIECE = 1_000_000;

/** At least so many zeros as a zlib stream, put together from equal pieces instead of compressed. Source: RFC 1950, 1951. */
function zerosDeflated(atLeast: number): Buffer {
  const pieces = Math.ceil(atLeast / ZEROS_PER_PIECE);
  const piece = deflateRawSync(Buffer.alloc(ZEROS_PER_PIECE), {
    level: 9,
    finishFlush: constants.Z_FULL_FLUSH,
  });
  const checksum = Buffer.alloc(4);
  // Adler-32 of n zeros: the low half is 1, the high half n.
  checksum.writeUInt32BE(((pieces * ZEROS_PER_PIECE) % 65_521) * 65_536 + 1);
  const last = Buffer.from([3, 0]);
  return Buffer.concat([Buffer.from([0x78, 0xda]), ...Array<Buffer>(pieces).fill(piece), last, checksum]);
}

/** A GIF of some bytes whose frame promises to be large. */
export function gifOfSize(width: number, height: number): Buffer {
  const frame = Buffer.from(GIF_FRAME);
  frame.writeUInt16LE(width, 5);
  frame.writeUInt16LE(height, 7);
  return Buffer.concat([gifHead(width, height), frame, GIF_END]);
}

export function gifOfFrames(frames: number): Buffer {
  return Buffer.concat([gifHead(1, 1), ...Array<Buffer>(frames).fill(GIF_FRAME), GIF_END]);
}

function gifHead(width: number, height: number): Buffer {
  const head = Buffer.from('GIF89a\0\0\0\0\x80\0\0\0\0\0\xff\xff\xff', 'latin1');
  head.writeUInt16LE(width, 6);
  head.writeUInt16LE(height, 8);
  return head;
}

/** A description of 1 × 1, then codes of at least two bits: clear, colour 0, end. */
const GIF_FRAME = Buffer.from('2c0000000001000100000202440100', 'hex');
const GIF_END = Buffer.from(';');

/** An animation of 1 × 1 frames, which some decoders read in quadratic time. */
export async function webpOfFrames(frames: number): Promise<Buffer> {
  const still = await flat(1, 1).webp({ lossless: true }).toBuffer();
  const frame = riffChunk('ANMF', Buffer.concat([Buffer.alloc(16), still.subarray(12)]));
  const chunks = Buffer.concat([
    riffChunk('VP8X', Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
    riffChunk('ANIM', Buffer.alloc(6)),
    ...Array<Buffer>(frames).fill(frame),
  ]);
  return riffChunk('RIFF', Buffer.concat([Buffer.from('WEBP'), chunks]));
}

function riffChunk(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(type, 'latin1');
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length & 1)]);
}

/** A PNG with texts that are small until they are decompressed. */
export async function pngOfTexts(texts: number, bytesPerText: number): Promise<Buffer> {
  const text = deflateSync(Buffer.alloc(bytesPerText, 'x'), { level: 9 });
  const chunk = pngChunk('zTXt', Buffer.concat([Buffer.from('Comment\0\0', 'latin1'), text]));
  return withPngChunks(Array<Buffer>(texts).fill(chunk));
}

/** The same as an international text, in which XMP is kept. */
export async function pngOfXmp(bytes: number): Promise<Buffer> {
  const text = deflateSync(Buffer.alloc(bytes, 'x'), { level: 9 });
  const head = Buffer.from('XML:com.adobe.xmp\0\x01\0\0\0', 'latin1');
  return withPngChunks([pngChunk('iTXt', Buffer.concat([head, text]))]);
}

export async function pngOfProfile(bytes: number): Promise<Buffer> {
  const profile = deflateSync(Buffer.alloc(bytes), { level: 9 });
  return withPngChunks([pngChunk('iCCP', Buffer.concat([Buffer.from('icc\0\0', 'latin1'), profile]))]);
}

export async function apngOfFrames(frames: number): Promise<Buffer> {
  const control = pngChunk('fcTL', Buffer.alloc(26));
  return withPngChunks(Array<Buffer>(frames).fill(control));
}

async function withPngChunks(chunks: readonly Buffer[]): Promise<Buffer> {
  const file = await flat(64, 64).png().toBuffer();
  // After the signature and IHDR.
  return Buffer.concat([file.subarray(0, 33), ...chunks, file.subarray(33)]);
}

/** A TIFF of so many directories; the last one leads to `next`, 0 for the end. */
export function tiffOfDirectories(directories: number, next = 0): Buffer {
  const offsets = Array.from({ length: directories }, (_, i) => 8 + i * DIRECTORY_BYTES);
  return Buffer.concat([
    tiffHead(8),
    ...offsets.map((_, i) => tiffDirectory(GREY_PIXEL, offsets[i + 1] ?? next)),
  ]);
}

/** Directories below directories, each the only one of the one above. */
export function tiffOfNestedDirectories(depth: number): Buffer {
  const pieces = [tiffHead(8)];
  const size = DIRECTORY_BYTES + 12;
  for (let level = 0; level < depth; level++) {
    const below: TiffField = [330, 4, [level + 1 < depth ? 8 + (level + 1) * size : 0]];
    pieces.push(tiffDirectory([...GREY_PIXEL, below], 0));
  }
  return Buffer.concat(pieces);
}

/** A small picture of many channels, compressed. */
export function tiffOfChannels(channels: number, side = 8): Buffer {
  const each = (value: number, count: number) => Array<number>(count).fill(value);
  return tiffOfStrip({ side, rows: side, bytes: side * side * channels }, [
    [258, 3, each(8, channels)],
    [277, 3, [channels]],
    [338, 3, each(0, channels - 1)],
  ]);
}

/** A picture of zeros in one strip, which is decompressed as a whole. */
export function tiffOfOneStrip(width: number, height: number): Buffer {
  return tiffOfStrip({ side: width, rows: height, bytes: width * height * 6 }, [
    [258, 3, [16, 16, 16]],
    [277, 3, [3]],
  ]);
}

function tiffOfStrip(
  { side, rows, bytes }: { side: number; rows: number; bytes: number },
  fields: readonly TiffField[],
): Buffer {
  const data = zerosDeflated(bytes);
  const at = 8 + data.length + (data.length & 1);
  const all: TiffField[] = [
    [256, 4, [side]],
    [257, 4, [rows]],
    [259, 3, [8]],
    [262, 3, [1]],
    [273, 4, [8]],
    [278, 4, [rows]],
    [279, 4, [data.length]],
    ...fields,
  ];
  const directory = tiffDirectory(
    all.sort(([a], [b]) => a - b),
    0,
    at,
  );
  return Buffer.concat([tiffHead(at), data, Buffer.alloc(data.length & 1), directory]);
}

/** One grey pixel at the place of the byte order, so that it needs no bytes of its own. */
const GREY_PIXEL: readonly TiffField[] = [
  [256, 4, [1]],
  [257, 4, [1]],
  [258, 3, [8]],
  [259, 3, [1]],
  [262, 3, [1]],
  [273, 4, [0]],
  [277, 3, [1]],
  [278, 4, [1]],
  [279, 4, [1]],
];
const DIRECTORY_BYTES = 2 + 12 * GREY_PIXEL.length + 4;

/** Boxes within boxes, as ISO media files have them. */
export async function avifOfNestedBoxes(depth: number): Promise<Buffer> {
  const file = await flat(64, 64).avif({ effort: 0 }).toBuffer();
  const nested = Buffer.alloc(8 * depth);
  for (let level = 0; level < depth; level++) {
    nested.writeUInt32BE(8 * (depth - level), 8 * level);
    nested.write('moov', 8 * level + 4, 'latin1');
  }
  return Buffer.concat([file, nested]);
}

/** A small AVIF that claims to be large. */
export async function avifOfSize(width: number, height: number): Promise<Buffer> {
  const file = await flat(64, 64).avif({ effort: 0 }).toBuffer();
  for (let at = file.indexOf('ispe'); at >= 0; at = file.indexOf('ispe', at + 4)) {
    file.writeUInt32BE(width, at + 8);
    file.writeUInt32BE(height, at + 12);
  }
  return file;
}

export function largeAvif(width: number, height: number): Promise<Buffer> {
  return flat(width, height).avif({ effort: 0, quality: 10 }).toBuffer();
}

function flat(width: number, height: number) {
  return sharp({ create: { width, height, channels: 3, background: '#7a6b5c' }, limitInputPixels: false });
}

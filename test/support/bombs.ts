import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
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

export function progressiveJpeg(width: number, height: number): Promise<Buffer> {
  return flat(width, height).jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer();
}

export function interlacedPng(width: number, height: number): Promise<Buffer> {
  return flat(width, height)
    .toColourspace('rgb16')
    .ensureAlpha()
    .png({ progressive: true, compressionLevel: 9 })
    .toBuffer();
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

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

/** Node 20.10 has no `zlib.crc32`. */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 255]!;
  return ~crc >>> 0;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

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
  const data = deflateSync(Buffer.alloc(bytes), { level: 9 });
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

export function largeAvif(width: number, height: number): Promise<Buffer> {
  return flat(width, height).avif({ effort: 0, quality: 10 }).toBuffer();
}

function flat(width: number, height: number) {
  return sharp({ create: { width, height, channels: 3, background: '#7a6b5c' }, limitInputPixels: false });
}

import { inflateSync } from 'node:zlib';
import type { FileCounts } from './counts.ts';

/** So many compressed chunks are measured; what further ones hold is taken from the bound of the format. */
const MAX_INFLATED = 2000;
/** Deflate makes at most this of one byte. Source: RFC 1951, a match of 258 bytes takes two bits. */
const MAX_RATIO = 1032;

/** Bytes a pixel by colour type, times 8 at a depth of 8. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** The decoder keeps every text and profile decompressed, and the whole picture if it is interlaced (PNG 1.2, 8.2). */
export function countPng(bytes: Buffer, maxMetadataBytes: number): FileCounts {
  let metadataBytes = 0;
  let frames = 1;
  let inflated = 0;
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const data = bytes.subarray(at + 8, at + 8 + length);
    const packed = packedPart(type, data);
    if (packed === undefined) {
      if (type === 'tEXt' || type === 'iTXt' || type === 'eXIf') metadataBytes += data.length;
    } else if (metadataBytes <= maxMetadataBytes) {
      const most = inflated++ < MAX_INFLATED ? maxMetadataBytes - metadataBytes + 1 : 0;
      metadataBytes += most > 0 ? inflatedSize(packed, most) : packed.length * MAX_RATIO;
    }
    if (type === 'fcTL') frames++;
    if (type === 'IEND') break;
    at += 12 + length;
  }
  return { frames, metadataBytes, heldBytes: heldBytes(bytes) };
}

/** The compressed part of a chunk; `undefined` when it has none. */
function packedPart(type: string, data: Buffer): Buffer | undefined {
  if (type === 'zTXt' || type === 'iCCP') return data.subarray(data.indexOf(0) + 2);
  if (type !== 'iTXt') return undefined;
  const keywordEnd = data.indexOf(0);
  if (data[keywordEnd + 1] !== 1) return undefined;
  const languageEnd = data.indexOf(0, keywordEnd + 3);
  return data.subarray(data.indexOf(0, languageEnd + 1) + 1);
}

function inflatedSize(packed: Buffer, most: number): number {
  try {
    return inflateSync(packed, { maxOutputLength: most }).length;
  } catch (error) {
    // Anything else is a damaged chunk, which the decoder does not keep.
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? most : 0;
  }
}

function heldBytes(bytes: Buffer): number {
  if (bytes.length < 33 || bytes[28] === 0) return 0;
  const depth = bytes[24]!;
  const channels = CHANNELS[bytes[25]!] ?? 4;
  return bytes.readUInt32BE(16) * bytes.readUInt32BE(20) * channels * (depth === 16 ? 2 : 1);
}

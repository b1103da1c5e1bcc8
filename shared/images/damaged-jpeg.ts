import type { Raster } from './image.ts';
import { LACK_OF_MEMORY } from './inspect/errors.ts';

/** Each halves the uncertainty about where the damage is. */
const BISECTIONS = 6;
const EOI = 0xd9;
const SOS = 0xda;
const DRI = 0xdd;

type Decode = (bytes: Uint8Array) => Promise<Raster>;

/**
 * Decodes as much as possible of a JPEG whose decoder warned. `decode` ignores warnings, but it gives up after a hundred of
 * them: then wrong restart markers are repaired, and if that does not help, the longest part before the damage is decoded.
 *
 * Throws the error of the whole file when no part can be decoded.
 */
export async function decodeDamagedJpeg(bytes: Uint8Array, decode: Decode): Promise<Raster> {
  try {
    return await decode(bytes);
  } catch (error) {
    const attempt = (part: Uint8Array | undefined) => part && decode(part).catch(unlessMemoryLacks);
    const raster = (await attempt(repairRestarts(bytes))) ?? (await decodeLongestPart(bytes, attempt));
    if (raster) return raster;
    throw error;
  }
}

async function decodeLongestPart(
  bytes: Uint8Array,
  attempt: (part: Uint8Array) => Promise<Raster | undefined> | undefined,
): Promise<Raster | undefined> {
  let best: Raster | undefined;
  let from = findSegment(bytes, SOS) ?? bytes.length;
  let to = bytes.length;
  for (let step = 0; step < BISECTIONS && from < to; step++) {
    const middle = Math.floor((from + to) / 2);
    const raster = await attempt(bytes.subarray(0, middle));
    best = raster ?? best;
    if (raster) from = middle;
    else to = middle;
  }
  return best;
}

/** Numbers the restart markers of the first scan in order, or removes the interval if the scan has no markers. */
function repairRestarts(bytes: Uint8Array): Buffer | undefined {
  const interval = findSegment(bytes, DRI);
  const scan = findSegment(bytes, SOS);
  if (interval === undefined || scan === undefined) return undefined;
  const repaired = Buffer.from(bytes);
  let restarts = 0;
  for (let at = repaired.indexOf(0xff, scan + 2); at >= 0; at = repaired.indexOf(0xff, at + 1)) {
    const marker = repaired[at + 1]!;
    if (marker === EOI) break;
    if (marker >= 0xd0 && marker <= 0xd7) repaired[at + 1] = 0xd0 + (restarts++ % 8);
  }
  if (restarts === 0) repaired.writeUInt16BE(0, interval + 4);
  return repaired;
}

/** Position of the first segment of this kind, among those up to the first scan. */
function findSegment(bytes: Uint8Array, kind: number): number | undefined {
  for (let at = 2; at + 6 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1]!;
    if (marker === kind) return at;
    if (marker === SOS) return undefined;
    at += 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
  }
  return undefined;
}

function unlessMemoryLacks(error: unknown): undefined {
  if (LACK_OF_MEMORY.test(String(error))) throw error;
  return undefined;
}

import type { FileCounts } from './counts.ts';

const METADATA = ['EXIF', 'XMP ', 'ICCP'];

/** Measured: an animation holds a canvas and a frame of four bytes a pixel, a lossless picture one of them. */
const HELD = { animated: 8, lossless: 4.2, lossy: 0.5 } as const;

/** The chunks of the container. Source: RFC 9649, 2.7. */
export function countWebp(bytes: Buffer): FileCounts {
  let frames = 0;
  let held: number = HELD.lossy;
  let metadataBytes = 0;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const type = bytes.toString('latin1', at, at + 4);
    const length = bytes.readUInt32LE(at + 4);
    if (type === 'ANMF') frames++;
    if (type === 'VP8L') held = HELD.lossless;
    if (METADATA.includes(type)) metadataBytes += Math.min(length, bytes.length - at);
    at += 8 + length + (length & 1);
  }
  if (frames > 0) held = HELD.animated;
  return { frames: Math.max(1, frames), metadataBytes, heldBytesPerPixel: held };
}

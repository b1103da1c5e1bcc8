import type { FileCounts } from './counts.ts';

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const COMMENT = 0xfe;
const APPLICATION = 0xff;

/** Blocks of a file. Source: GIF89a, appendix B. */
export function countGif(bytes: Buffer): FileCounts {
  let frames = 0;
  let metadataBytes = 0;
  let at = 13 + colours(bytes[10]!);
  while (at < bytes.length) {
    const block = bytes[at];
    if (block === IMAGE) {
      frames++;
      // Ten bytes of description, colours, and the size of codes.
      at = afterSubBlocks(bytes, at + 11 + colours(bytes[at + 9]!));
    } else if (block === EXTENSION) {
      const end = afterSubBlocks(bytes, at + 2);
      const label = bytes[at + 1];
      if (label === COMMENT || label === APPLICATION) metadataBytes += end - at;
      at = end;
    } else {
      break;
    }
  }
  return { frames: Math.max(1, frames), metadataBytes };
}

/** Bytes of a table of colours, by the field that announces it. */
function colours(packed: number): number {
  return packed & 0x80 ? 3 << ((packed & 7) + 1) : 0;
}

function afterSubBlocks(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== 0) at += 1 + bytes[at]!;
  return at + 1;
}

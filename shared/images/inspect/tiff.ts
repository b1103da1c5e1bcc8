import type { FileCounts } from './counts.ts';
import { readTiff, TAG, type TiffDirectory } from './tiff-directories.ts';

/** Counts the directories, those below others included, and the size of what is decoded in one piece. */
export function countTiff(bytes: Buffer): FileCounts {
  const directories = readTiff(bytes);
  return { frames: directories.length, ...(directories[0] && countDirectory(directories[0])) };
}

/** What one picture of the file costs. */
export function countDirectory(directory: TiffDirectory): FileCounts {
  return {
    channels: directory.value(TAG.samplesPerPixel, 1),
    metadataBytes: METADATA.reduce((sum, tag) => sum + directory.count(tag), 0),
    heldBytes: pieceBytes(directory),
  };
}

/** Fields of single bytes. */
const METADATA = [TAG.xmp, TAG.iptc, TAG.photoshop, TAG.icc];

/** Size of a strip, or of a row of tiles. */
function pieceBytes({ value }: TiffDirectory): number {
  const width = value(TAG.width, 0);
  const height = value(TAG.height, 0);
  const bytesPerPixel = Math.ceil((value(TAG.bitsPerSample, 1) * value(TAG.samplesPerPixel, 1)) / 8);
  const tileHeight = value(TAG.tileHeight, 0);
  const tileWidth = value(TAG.tileWidth, 1) || 1;
  const rows = tileHeight > 0 ? tileHeight : Math.min(height, value(TAG.rowsPerStrip, height));
  const columns = tileHeight > 0 ? Math.ceil(width / tileWidth) * tileWidth : width;
  return rows * columns * bytesPerPixel;
}

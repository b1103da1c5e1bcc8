import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { AppError } from '../../../shared/runtime/errors.ts';
import { crc32 } from '../../disk/checksum.ts';
import { type DurableFiles, writeFully } from '../../disk/durable-files.ts';
import { createBufferPool } from './buffer-pool.ts';

/**
 * The bytes of a larger object, or of a part of one: an immutable file.
 *
 *     the bytes
 *     for each 64 KiB of them: CRC-32, 4 bytes
 *     the index key that they were written for
 *     footer: `MFB1`, 6 bytes length of the bytes, 2 bytes length of the key,
 *             4 bytes CRC-32 of all between bytes and footer, 4 bytes CRC-32 of these 16
 */
export interface BlobWriter {
  write(chunk: Uint8Array): Promise<void>;
  /** Resolves when the file and its name are on disk. */
  finish(): Promise<void>;
  /** Closes and deletes the file. */
  abandon(): Promise<void>;
}

const CHUNK_BYTES = 64 * 1024;
/** As many as one read takes. */
const PIECE_BYTES = 16 * CHUNK_BYTES;
const FOOTER_BYTES = 20;
const MAGIC = Buffer.from('MFB1');

/** Large buffers are used again: the system clears each new one, and they trigger garbage collections. */
const pool = createBufferPool(PIECE_BYTES + 4 * (PIECE_BYTES / CHUNK_BYTES), 16);

export async function createBlobFile(file: string, key: string, files: DurableFiles): Promise<BlobWriter> {
  const handle = await files.create(file);
  const sums: number[] = [];
  let size = 0;
  let sum = 0;

  const addSums = (chunk: Uint8Array) => {
    for (let at = 0; at < chunk.length; ) {
      const free = CHUNK_BYTES - ((size + at) % CHUNK_BYTES);
      const taken = chunk.subarray(at, at + free);
      sum = crc32(taken, sum);
      at += taken.length;
      if (taken.length === free) {
        sums.push(sum);
        sum = 0;
      }
    }
  };

  return {
    async write(chunk) {
      // The checksums are computed while the disk writes.
      const written = writeFully(handle, chunk, size);
      addSums(chunk);
      size += chunk.length;
      await written;
    },
    async finish() {
      if (size % CHUNK_BYTES > 0) sums.push(sum);
      await writeFully(handle, encodeEnd(size, sums, key), size);
      await files.sync(handle);
      await handle.close();
      await files.syncFolder(path.dirname(file));
    },
    async abandon() {
      await handle.close().catch(() => {});
      await fs.rm(file, { force: true });
    },
  };
}

function encodeEnd(size: number, sums: readonly number[], key: string): Buffer {
  const table = Buffer.alloc(4 * sums.length);
  for (const [index, sum] of sums.entries()) table.writeUInt32LE(sum, 4 * index);
  const body = Buffer.concat([table, Buffer.from(key)]);
  const footer = Buffer.alloc(FOOTER_BYTES);
  MAGIC.copy(footer);
  footer.writeUIntLE(size, 4, 6);
  footer.writeUInt16LE(body.length - table.length, 10);
  footer.writeUInt32LE(crc32(body), 12);
  footer.writeUInt32LE(crc32(footer.subarray(0, 16)), 16);
  return Buffer.concat([body, footer]);
}

/**
 * Reads bytes of a file from `start` to `end` (exclusive). A piece is valid until the next one is asked for.
 * @param size how many bytes the file holds
 * @throws `StorageCorrupt` if it is missing or damaged
 */
export async function* readBlobFile(
  file: string,
  size: number,
  start: number,
  end: number,
): AsyncGenerator<Buffer> {
  const handle = await fs.open(file, 'r').catch((cause) => {
    throw new AppError('StorageCorrupt', `${path.basename(file)} is missing`, { cause });
  });
  const buffer = pool.take();
  try {
    const firstChunk = Math.floor(start / CHUNK_BYTES);
    const first = firstChunk * CHUNK_BYTES;
    const sumsStart = size + 4 * firstChunk;
    const sumsLength = 4 * (Math.ceil(end / CHUNK_BYTES) - firstChunk);
    // The checksums follow the last byte, so they come with it if that is not far.
    const isShort = sumsStart + sumsLength - first <= buffer.length;
    if (isShort) await readFully(handle, file, first, buffer.subarray(0, sumsStart + sumsLength - first));
    const sums = isShort
      ? buffer.subarray(sumsStart - first, sumsStart + sumsLength - first)
      : await readFully(handle, file, sumsStart, Buffer.allocUnsafe(sumsLength));
    for (let at = first; at < end; at += PIECE_BYTES) {
      const piece = buffer.subarray(0, Math.min(PIECE_BYTES, size - at));
      if (!isShort) await readFully(handle, file, at, piece);
      for (let from = 0; from < piece.length && at + from < end; from += CHUNK_BYTES) {
        const expected = sums.readUInt32LE(4 * ((at + from) / CHUNK_BYTES - firstChunk));
        if (crc32(piece.subarray(from, from + CHUNK_BYTES)) !== expected) throw damaged(file, at + from);
      }
      yield piece.subarray(Math.max(0, start - at), end - at);
    }
  } finally {
    pool.give(buffer);
    await handle.close();
  }
}

/** The key for which a file was written; `undefined` if it was never finished, or is damaged. */
export async function readBlobKey(file: string): Promise<string | undefined> {
  const handle = await fs.open(file, 'r');
  try {
    const { size: length } = await handle.stat();
    if (length < FOOTER_BYTES) return undefined;
    const footer = await readFully(handle, file, length - FOOTER_BYTES, Buffer.alloc(FOOTER_BYTES));
    if (!footer.subarray(0, 4).equals(MAGIC)) return undefined;
    if (footer.readUInt32LE(16) !== crc32(footer.subarray(0, 16))) return undefined;
    const size = footer.readUIntLE(4, 6);
    const body = await readFully(handle, file, size, Buffer.alloc(length - FOOTER_BYTES - size));
    if (footer.readUInt32LE(12) !== crc32(body)) return undefined;
    return body.toString('utf8', body.length - footer.readUInt16LE(10));
  } finally {
    await handle.close();
  }
}

async function readFully(
  handle: fs.FileHandle,
  file: string,
  offset: number,
  bytes: Buffer,
): Promise<Buffer> {
  for (let read = 0; read < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, read, bytes.length - read, offset + read);
    if (bytesRead === 0) throw damaged(file, offset + read);
    read += bytesRead;
  }
  return bytes;
}

function damaged(file: string, offset: number): AppError {
  return new AppError('StorageCorrupt', `${path.basename(file)} is damaged at byte ${offset}`, {
    details: { file: path.basename(file), offset },
  });
}

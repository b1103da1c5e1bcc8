import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import type { DurableFiles } from '../../disk/durable-files.ts';
import { createCrc64 } from '../../http/crc64.ts';
import type { Segment } from './records.ts';

/** Bytes in a new file that no record names yet. */
export interface Blob {
  readonly segment: Segment;
  /** The bytes of a small file, which is not flushed: they become durable together with the record. */
  readonly unflushed?: Buffer;
  /** 16 bytes. */
  readonly md5: Buffer;
  readonly crc64: bigint;
}

/** Called while bytes arrive; throws to refuse them. */
export type SizeCheck = (size: number) => void;

/** A file of at most this size is not flushed by itself. */
const MAX_SMALL_BYTES = 32 * 1024;

/**
 * Streams into a new file, one piece in memory at a time. If a crash comes before a record names the file, the next start
 * deletes it.
 */
export async function writeBlob(
  file: string,
  source: AsyncIterable<Uint8Array>,
  files: DurableFiles,
  checkSize: SizeCheck = () => {},
): Promise<Blob> {
  const handle = await fs.open(file, 'wx');
  const hash = createHash('md5');
  const crc = createCrc64();
  let size = 0;
  let small: Uint8Array[] | undefined = files.durable ? [] : undefined;
  try {
    for await (const chunk of source) {
      // The checksums are computed while the disk writes.
      const written = writeFully(handle, chunk, size);
      hash.update(chunk);
      crc.update(chunk);
      await written;
      size += chunk.length;
      checkSize(size);
      if (size > MAX_SMALL_BYTES) small = undefined;
      small?.push(chunk);
    }
    if (!small) await files.sync(handle);
    await handle.close();
  } catch (error) {
    await handle.close().catch(() => {});
    await fs.rm(file, { force: true });
    throw error;
  }
  return {
    segment: { file: path.basename(file), size },
    ...(small && { unflushed: Buffer.concat(small) }),
    md5: hash.digest(),
    crc64: crc.digest(),
  };
}

/** Writes the bytes of `source` after the first `offset` bytes of an existing file. */
export async function appendToFile(
  file: string,
  offset: number,
  source: AsyncIterable<Uint8Array>,
  files: DurableFiles,
): Promise<void> {
  const handle = await fs.open(file, 'r+');
  try {
    let position = offset;
    for await (const chunk of source) {
      await writeFully(handle, chunk, position);
      position += chunk.length;
    }
    await files.sync(handle);
  } finally {
    await handle.close();
  }
}

/** The bytes from `start` to `end` (exclusive) of the concatenated segments. */
export function readSegments(
  directory: string,
  segments: readonly Segment[],
  start: number,
  end: number,
): Readable {
  return Readable.from(piecesOf(directory, segments, start, end), { objectMode: false });
}

const READ_BYTES = 256 * 1024;

async function* piecesOf(directory: string, segments: readonly Segment[], start: number, end: number) {
  let before = 0;
  for (const segment of segments) {
    const from = Math.max(start - before, 0);
    const to = Math.min(end - before, segment.size);
    before += segment.size;
    if (from < to) yield* piecesOfFile(path.join(directory, segment.file), from, to);
  }
}

async function* piecesOfFile(file: string, start: number, end: number) {
  const handle = await fs.open(file, 'r');
  try {
    for (let position = start; position < end; ) {
      const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, end - position));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) throw new Error(`${file} ends at ${position}, expected ${end} bytes`);
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

async function writeFully(handle: fs.FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < chunk.length; ) {
    const { bytesWritten } = await handle.write(chunk, written, chunk.length - written, position + written);
    written += bytesWritten;
  }
}

import { createHash } from 'node:crypto';
import { AppError } from '../../../shared/runtime/errors.ts';
import { crc32 } from '../../disk/checksum.ts';
import type { LogReader } from '../../disk/log-reader.ts';
import { createCrc64 } from '../../http/crc64.ts';
import { readBlobFile } from './blob-file.ts';
import type { BlobFolder } from './blob-folder.ts';
import type { LogSegment, Segment } from './records.ts';

/** Bytes that were received and that no record names yet. */
export interface Blob {
  readonly segment: Segment;
  /** 16 bytes. */
  readonly md5: Buffer;
  readonly crc64: bigint;
}

/** Called while bytes arrive; throws to refuse them. */
export type SizeCheck = (size: number) => void;

/** More bytes get a file of their own; fewer go into the log with their record, so that both need one flush. */
const MAX_LOGGED_BYTES = 32 * 1024;

/** Receives bytes, one piece in memory at a time. If a crash comes before a record names the file, it is deleted later. */
export async function receiveBlob(
  source: AsyncIterable<Uint8Array>,
  key: string,
  folder: BlobFolder,
  checkSize: SizeCheck,
): Promise<Blob> {
  const hash = createHash('md5');
  const crc = createCrc64();
  const first: Uint8Array[] = [];
  let size = 0;
  let file: Awaited<ReturnType<BlobFolder['create']>> | undefined;
  try {
    for await (const chunk of source) {
      size += chunk.length;
      checkSize(size);
      let written: Promise<void> | undefined;
      if (file) written = file.writer.write(chunk);
      else first.push(Buffer.from(chunk));
      // The checksums are computed while the disk writes.
      hash.update(chunk);
      crc.update(chunk);
      await written;
      if (!file && size > MAX_LOGGED_BYTES) {
        file = await folder.create(key);
        await file.writer.write(Buffer.concat(first));
      }
    }
    await file?.writer.finish();
  } catch (error) {
    await file?.writer.abandon();
    throw error;
  }
  const bytes = Buffer.concat(first);
  const segment = file ? { file: file.name, size } : { bytes, size };
  return { segment, md5: hash.digest(), crc64: crc.digest() };
}

/** The bytes from `start` to `end` (exclusive) of the concatenated segments. Throws `StorageCorrupt`. */
export async function* readSegments(
  segments: readonly Segment[],
  start: number,
  end: number,
  deps: { readonly folder: BlobFolder; readonly log: Pick<LogReader, 'read'> },
): AsyncGenerator<Buffer> {
  let before = 0;
  for (const segment of segments) {
    const from = Math.max(start - before, 0);
    const to = Math.min(end - before, segment.size);
    before += segment.size;
    if (from >= to) continue;
    if ('file' in segment) yield* readBlobFile(deps.folder.path(segment.file), segment.size, from, to);
    else if ('log' in segment) yield (await readLogged(segment, deps.log)).subarray(from, to);
    else yield segment.bytes.subarray(from, to);
  }
}

/** Throws `StorageCorrupt`. */
export async function readLogged(
  { log: file, offset, size, crc }: LogSegment,
  log: Pick<LogReader, 'read'>,
): Promise<Buffer> {
  const damaged = (cause?: unknown) =>
    new AppError('StorageCorrupt', `file ${file} of the log is damaged at byte ${offset}`, {
      details: { file, offset, bytes: size },
      cause,
    });
  const bytes = await log.read({ file, offset }, size).catch((cause) => {
    throw damaged(cause);
  });
  if (bytes.length < size || crc32(bytes) !== crc) throw damaged();
  return bytes;
}

import { closeSync, openSync, readSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { AppError } from '../../../../shared/runtime/errors.ts';
import { crc32 } from '../../../disk/checksum.ts';
import { type DurableFiles, writeFully } from '../../../disk/durable-files.ts';
import { compareKeys } from '../key-order.ts';
import type { BlockCache } from './block-cache.ts';

/** A key and its value; `undefined` says that the key was deleted. */
export type IndexEntry = readonly [key: string, value: string | undefined];

/**
 * An immutable file of entries in the byte order of their keys. Reads are synchronous: a block takes microseconds.
 *
 *     blocks    of about 8 KiB: 2 bytes length of the key, 4 bytes length of the value, key, value; and so on
 *     table     for each block: 2 bytes length of its first key, 6 bytes offset, 4 bytes length, 4 bytes CRC-32, key
 *     footer    32 bytes, see `writeFooter`
 */
export interface SortedRun {
  readonly file: string;
  readonly bytes: number;
  /** What its entries take in the log, in bytes. */
  weight(): number;
  /** `undefined` if the key is not in this file. Throws `StorageCorrupt`. */
  find(key: string): IndexEntry | undefined;
  /** Entries from a key on. Throws `StorageCorrupt`. */
  from(start: string): Generator<IndexEntry>;
  /** Rejects with `StorageCorrupt` unless every block matches its checksum. */
  verify(): Promise<void>;
  close(): void;
}

const BLOCK_BYTES = 8 * 1024;
const WRITE_BYTES = 1024 * 1024;
const FOOTER_BYTES = 32;
const FOOTER_MAGIC = Buffer.from('MFR1');
const ENTRY_HEADER = 6;
const TABLE_HEADER = 16;
const DELETED = 0xffffffff;

interface Block {
  readonly firstKey: string;
  readonly offset: number;
  readonly length: number;
  readonly crc: number;
}

/** Writes entries, which come in order, to a new file. It is on disk when the promise resolves, its name is not. */
export async function writeSortedRun(
  file: string,
  entries: Iterable<IndexEntry>,
  files: DurableFiles,
  weigh: (entry: IndexEntry) => number,
): Promise<void> {
  const handle = await files.create(file);
  const blocks: Block[] = [];
  let offset = 0;
  let weight = 0;
  let chunk: Buffer[] = [];
  let chunkBytes = 0;
  let block: Buffer[] = [];
  let blockBytes = 0;
  let firstKey = '';

  const write = async (bytes: Buffer) => {
    await writeFully(handle, bytes, offset);
    offset += bytes.length;
  };
  const spill = async () => {
    await write(Buffer.concat(chunk));
    chunk = [];
    chunkBytes = 0;
  };
  const endBlock = () => {
    const bytes = Buffer.concat(block);
    blocks.push({ firstKey, offset: offset + chunkBytes, length: bytes.length, crc: crc32(bytes) });
    chunk.push(bytes);
    chunkBytes += bytes.length;
    block = [];
    blockBytes = 0;
  };
  try {
    for (const entry of entries) {
      if (block.length === 0) firstKey = entry[0];
      const bytes = encodeEntry(entry);
      block.push(bytes);
      blockBytes += bytes.length;
      weight += weigh(entry);
      if (blockBytes >= BLOCK_BYTES) endBlock();
      if (chunkBytes >= WRITE_BYTES) await spill();
    }
    if (block.length > 0) endBlock();
    await spill();
    const table = Buffer.concat(blocks.map(encodeBlock));
    const footer = encodeFooter(offset, table, weight);
    await write(Buffer.concat([table, footer]));
    await files.sync(handle);
  } finally {
    await handle.close();
  }
}

function encodeEntry([key, value]: IndexEntry): Buffer {
  const keyLength = Buffer.byteLength(key);
  const valueLength = value === undefined ? 0 : Buffer.byteLength(value);
  const bytes = Buffer.allocUnsafe(ENTRY_HEADER + keyLength + valueLength);
  bytes.writeUInt16LE(keyLength, 0);
  bytes.writeUInt32LE(value === undefined ? DELETED : valueLength, 2);
  bytes.write(key, ENTRY_HEADER);
  if (value !== undefined) bytes.write(value, ENTRY_HEADER + keyLength);
  return bytes;
}

function encodeBlock({ firstKey, offset, length, crc }: Block): Buffer {
  const keyLength = Buffer.byteLength(firstKey);
  const bytes = Buffer.allocUnsafe(TABLE_HEADER + keyLength);
  bytes.writeUInt16LE(keyLength, 0);
  bytes.writeUIntLE(offset, 2, 6);
  bytes.writeUInt32LE(length, 8);
  bytes.writeUInt32LE(crc, 12);
  bytes.write(firstKey, TABLE_HEADER);
  return bytes;
}

function encodeFooter(tableOffset: number, table: Buffer, weight: number): Buffer {
  const footer = Buffer.alloc(FOOTER_BYTES);
  FOOTER_MAGIC.copy(footer);
  footer.writeUIntLE(tableOffset, 4, 6);
  footer.writeUInt32LE(table.length, 10);
  footer.writeUInt32LE(crc32(table), 14);
  footer.writeUIntLE(weight, 18, 6);
  footer.writeUInt32LE(crc32(footer.subarray(0, 28)), 28);
  return footer;
}

/** Throws `StorageCorrupt` if the file is missing or cut, or its table is damaged. */
export async function openSortedRun(file: string, cache: BlockCache): Promise<SortedRun> {
  const content = await readTable(file);
  const { blocks, bytes, weight } = content;
  const fd = openSync(file, 'r');

  const load = (index: number): Buffer => {
    const known = cache.get(file, index);
    if (known) return known;
    const { offset, length, crc } = blocks[index]!;
    const block = Buffer.allocUnsafe(length);
    const read = readSync(fd, block, 0, length, offset);
    if (read < length || crc32(block) !== crc) throw corrupt(file, offset);
    cache.set(file, index, block);
    return block;
  };

  /** The index of the block in which a key is, if it is anywhere. */
  const blockOf = (key: string): number => {
    let low = 0;
    let high = blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(blocks[middle]!.firstKey, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };

  return {
    file,
    bytes,
    weight: () => weight,
    find(key) {
      const index = blockOf(key);
      if (index < 0) return undefined;
      const block = load(index);
      const wanted = Buffer.from(key);
      for (let at = 0; at < block.length; ) {
        const { keyEnd, end } = boundsOf(block, at);
        const order = block.compare(wanted, 0, wanted.length, at + ENTRY_HEADER, keyEnd);
        if (order === 0) return decodeEntry(block, at);
        if (order > 0) return undefined;
        at = end;
      }
      return undefined;
    },
    *from(start) {
      for (let index = Math.max(0, blockOf(start)); index < blocks.length; index++) {
        const block = load(index);
        for (let at = 0; at < block.length; at = boundsOf(block, at).end) {
          const entry = decodeEntry(block, at);
          if (compareKeys(entry[0], start) >= 0) yield entry;
        }
      }
    },
    async verify() {
      const handle = await fs.open(file, 'r');
      try {
        for (let index = 0; index < blocks.length; ) {
          const { offset } = blocks[index]!;
          let end = index;
          while (end < blocks.length && blocks[end]!.offset - offset < WRITE_BYTES) end++;
          const last = blocks[end - 1]!;
          const chunk = Buffer.allocUnsafe(last.offset + last.length - offset);
          const { bytesRead } = await handle.read(chunk, 0, chunk.length, offset);
          for (; index < end; index++) {
            const { offset: at, length, crc } = blocks[index]!;
            if (at - offset + length > bytesRead) throw corrupt(file, at);
            if (crc32(chunk.subarray(at - offset, at - offset + length)) !== crc) throw corrupt(file, at);
          }
        }
      } finally {
        await handle.close();
      }
    },
    close() {
      closeSync(fd);
      cache.forget(file);
    },
  };
}

function boundsOf(block: Buffer, at: number): { keyEnd: number; end: number } {
  const keyEnd = at + ENTRY_HEADER + block.readUInt16LE(at);
  const valueLength = block.readUInt32LE(at + 2);
  return { keyEnd, end: valueLength === DELETED ? keyEnd : keyEnd + valueLength };
}

function decodeEntry(block: Buffer, at: number): IndexEntry {
  const { keyEnd, end } = boundsOf(block, at);
  const isDeleted = block.readUInt32LE(at + 2) === DELETED;
  const key = block.toString('utf8', at + ENTRY_HEADER, keyEnd);
  return [key, isDeleted ? undefined : block.toString('utf8', keyEnd, end)];
}

async function readTable(file: string): Promise<{ blocks: Block[]; bytes: number; weight: number }> {
  const handle = await fs.open(file, 'r').catch((cause) => {
    throw new AppError('StorageCorrupt', `${path.basename(file)} of the index is missing`, { cause });
  });
  try {
    const { size } = await handle.stat();
    const footer = Buffer.alloc(FOOTER_BYTES);
    await handle.read(footer, 0, FOOTER_BYTES, Math.max(0, size - FOOTER_BYTES));
    if (!footer.subarray(0, 4).equals(FOOTER_MAGIC)) throw corrupt(file, size);
    if (footer.readUInt32LE(28) !== crc32(footer.subarray(0, 28))) throw corrupt(file, size);
    const offset = footer.readUIntLE(4, 6);
    const table = Buffer.alloc(footer.readUInt32LE(10));
    await handle.read(table, 0, table.length, offset);
    if (footer.readUInt32LE(14) !== crc32(table)) throw corrupt(file, offset);
    const blocks: Block[] = [];
    for (let at = 0; at < table.length; ) {
      const end = at + TABLE_HEADER + table.readUInt16LE(at);
      blocks.push({
        firstKey: table.toString('utf8', at + TABLE_HEADER, end),
        offset: table.readUIntLE(at + 2, 6),
        length: table.readUInt32LE(at + 8),
        crc: table.readUInt32LE(at + 12),
      });
      at = end;
    }
    return { blocks, bytes: size, weight: footer.readUIntLE(18, 6) };
  } finally {
    await handle.close();
  }
}

function corrupt(file: string, offset: number): AppError {
  return new AppError('StorageCorrupt', `${path.basename(file)} of the index is damaged at byte ${offset}`, {
    details: { file: path.basename(file), offset },
  });
}

import type { Codes } from './codes.ts';
import {
  BLOCK_ROWS,
  createSharedMemory,
  growToHold,
  layoutOf,
  MAX_SIZE,
  openKernel,
  SKETCH_BITS,
} from './layout.ts';
import { createScanner, type Hit, writeSketch } from './scan.ts';
import { createSearchThread, type SearchThread } from './thread.ts';

export interface VectorSearch {
  /** 1 or more. */
  readonly limit: number;
  /** -1 to 1. */
  readonly minSimilarity: number;
}

/**
 * Vectors of unit length, by row. They are outside the JavaScript heap, in memory that a thread can search while the event
 * loop goes on.
 */
export interface VectorTable {
  /** Numbers per vector. */
  readonly size: number;
  /** Number of rows, used and free ones. */
  readonly rows: number;
  /** Returns the row: a free one, or the next. */
  add(vector: Codes): number;
  replace(row: number, vector: Codes): void;
  /** Frees the row and wipes its numbers. */
  remove(row: number): void;
  read(row: number): Codes;
  /** Per probe, the most similar rows, best first. Searches large tables on a thread of its own. */
  search(probes: readonly Float32Array[], options: VectorSearch): Promise<Hit[][]>;
  /** The same on this thread, for one probe. */
  searchNow(probe: Float32Array, options: VectorSearch): Hit[];
  close(): Promise<void>;
}

/** Searching fewer rows takes at most a millisecond, which a thread would not save. */
const THREAD_ROWS = 20_000;

export function createVectorTable(size: number, { threadRows = THREAD_ROWS } = {}): VectorTable {
  if (size > MAX_SIZE) throw new RangeError(`embeddings of ${size} numbers, expected at most ${MAX_SIZE}`);
  const layout = layoutOf(size);
  const memory = createSharedMemory();
  const scanner = createScanner(memory, openKernel(memory), layout, 0);
  const free: number[] = [];
  let rows = 0;
  let blocks = 0;
  let thread: SearchThread | undefined;

  const codesAt = (row: number) => layout.codes(blockOf(row)) + (row % BLOCK_ROWS) * layout.rowBytes;
  const viewOf = (row: number) => new Int8Array(memory.buffer, codesAt(row), size);
  const scaleOf = (row: number) => {
    return new Float32Array(memory.buffer, layout.scales(blockOf(row)) + (row % BLOCK_ROWS) * 4, 1);
  };

  const write = (row: number, { codes, scale }: Codes): void => {
    viewOf(row).set(codes);
    if (layout.sketched) {
      const at = layout.sketches(blockOf(row)) + (row % BLOCK_ROWS) * (SKETCH_BITS / 8);
      writeSketch(codes, new Uint32Array(memory.buffer, at, SKETCH_BITS / 32), 0);
    }
    scaleOf(row)[0] = scale;
  };

  return {
    size,
    get rows() {
      return rows;
    },

    add(vector) {
      const row = free.pop() ?? rows++;
      if (blockOf(row) >= blocks) growToHold(memory, layout, ++blocks);
      write(row, vector);
      return row;
    },

    replace: write,

    remove(row) {
      write(row, { codes: new Int8Array(size), scale: 0 });
      free.push(row);
    },

    read: (row) => ({ codes: viewOf(row).slice(), scale: scaleOf(row)[0]! }),

    async search(probes, options) {
      if (rows < threadRows) return probes.map((probe) => scanner.scan({ probe, rows, ...options }));
      thread ??= createSearchThread(memory, size);
      return thread.search(probes.map((probe) => ({ probe, rows, ...options })));
    },

    searchNow: (probe, options) => scanner.scan({ probe, rows, ...options }),

    async close() {
      await thread?.close();
      thread = undefined;
    },
  };
}

function blockOf(row: number): number {
  return Math.floor(row / BLOCK_ROWS);
}

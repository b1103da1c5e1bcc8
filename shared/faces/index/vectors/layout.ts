import { WASM } from './kernel.wasm.ts';

/** Vectors per block of memory. */
export const BLOCK_ROWS = 4096;

/** Bits of a sketch, when there is one. */
export const SKETCH_BITS = 512;
const SKETCH_BYTES = SKETCH_BITS / 8;

/** Shorter embeddings have no sketch: their few signs say little, and comparing their codes takes little time. */
const MIN_SKETCHED_SIZE = 256;

const PAGE_BYTES = 65_536;
/** 4 GB, the most that a module can address. */
const MAX_PAGES = 65_536;

/**
 * A searching thread has a work area of its own. It contains the probe's sketch and numbers, a list of rows, and their
 * dot products.
 */
export const WORK_AREA_BYTES = 2 * PAGE_BYTES;
const WORK_AREAS = 2;
export const PROBE_SKETCH_AT = 0;
export const PROBE_AT = 256;
export const LIST_AT = PAGE_BYTES;
export const PRODUCTS_AT = LIST_AT + BLOCK_ROWS * 4;
/** Numbers per embedding; `scan.ts` shows that no sum of products of so many overflows. */
export const MAX_SIZE = 2048;

/** Where things are in the shared memory. */
export interface Layout {
  /** Codes per row: the size of an embedding, padded to a multiple of 16. */
  readonly rowBytes: number;
  readonly sketched: boolean;
  readonly blockBytes: number;
  sketches(block: number): number;
  codes(block: number): number;
  /** 32-bit floats; 0 for a row that is free. */
  scales(block: number): number;
}

export function layoutOf(size: number): Layout {
  const rowBytes = Math.ceil(size / 16) * 16;
  const sketched = size >= MIN_SKETCHED_SIZE;
  const sketchBytes = sketched ? SKETCH_BYTES : 0;
  const blockBytes = BLOCK_ROWS * (sketchBytes + rowBytes + 4);
  const start = (block: number) => WORK_AREAS * WORK_AREA_BYTES + block * blockBytes;
  return {
    rowBytes,
    sketched,
    blockBytes,
    sketches: start,
    codes: (block) => start(block) + BLOCK_ROWS * sketchBytes,
    scales: (block) => start(block) + BLOCK_ROWS * (sketchBytes + rowBytes),
  };
}

export function createSharedMemory(): WebAssembly.Memory {
  const initial = (WORK_AREAS * WORK_AREA_BYTES) / PAGE_BYTES;
  return new WebAssembly.Memory({ initial, maximum: MAX_PAGES, shared: true });
}

/** Throws `RangeError` when the machine has not enough memory. */
export function growToHold(memory: WebAssembly.Memory, { sketches }: Layout, blocks: number): void {
  const missing = sketches(blocks) - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
}

/** The functions of `kernel.wat`. All arguments are addresses or numbers of rows. */
export interface Kernel {
  nearSketches(
    sketches: number,
    rows: number,
    probe: number,
    halfLimit: number,
    limit: number,
    out: number,
  ): number;
  dotProducts(codes: number, size: number, list: number, count: number, probe: number, out: number): void;
}

let module: WebAssembly.Module | undefined;

export function openKernel(memory: WebAssembly.Memory): Kernel {
  module ??= new WebAssembly.Module(Buffer.from(WASM, 'base64'));
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernel;
}

import {
  BLOCK_ROWS,
  type Kernel,
  type Layout,
  LIST_AT,
  PROBE_AT,
  PROBE_SKETCH_AT,
  PRODUCTS_AT,
  SKETCH_BITS,
  WORK_AREA_BYTES,
} from './layout.ts';

export interface ScanRequest {
  /** Unit length. */
  readonly probe: Float32Array;
  /** Rows `0` to `rows - 1` are compared. */
  readonly rows: number;
  readonly limit: number;
  /** -1 to 1. */
  readonly minSimilarity: number;
}

export interface Hit {
  readonly row: number;
  readonly similarity: number;
}

/**
 * The largest whole number of a probe. Products with codes add up to at most 8,192 × 127 × `MAX_SIZE`, below 2 to the 31st: of
 * vectors of unit length, the largest number is at least 1 ÷ √size.
 */
const PROBE_UNIT = 1 << 13;

/**
 * Standard deviations by which the signs may differ more than the similarity lets expect. Of pairs that are exactly as
 * similar as demanded, 2 in 10,000 are missed; of more similar ones, fewer.
 */
const SKETCH_MARGIN = 3.5;

export interface Scanner {
  scan(request: ScanRequest): Hit[];
}

/** Searches the shared memory. `area` is the work area of this thread, 0 or 1. */
export function createScanner(
  memory: WebAssembly.Memory,
  kernel: Kernel,
  layout: Layout,
  area: number,
): Scanner {
  const base = area * WORK_AREA_BYTES;
  const [sketchAt, probeAt, listAt, productsAt] = [
    base + PROBE_SKETCH_AT,
    base + PROBE_AT,
    base + LIST_AT,
    base + PRODUCTS_AT,
  ];

  let views = viewsOf(memory);
  const current = () => {
    if (views.bytes !== memory.buffer) views = viewsOf(memory);
    return views;
  };

  /** Returns the value of one unit of the placed numbers. */
  const placeProbe = (probe: Float32Array): number => {
    let largest = 0;
    for (let i = 0; i < probe.length; i++) largest = Math.max(largest, Math.abs(probe[i]!));
    const unit = largest / PROBE_UNIT || 1;
    const { int16, uint32 } = current();
    const at = probeAt / 2;
    for (let i = 0; i < probe.length; i++) int16[at + i] = Math.round(probe[i]! / unit);
    int16.fill(0, at + probe.length, at + layout.rowBytes);
    if (layout.sketched) writeSketch(int16.subarray(at, at + probe.length), uint32, sketchAt / 4);
    return unit;
  };

  /** Lists the rows of a block that may be similar enough; returns their number. */
  const candidates = (block: number, rows: number, { whole, half }: SketchLimits): number => {
    if (layout.sketched && whole < SKETCH_BITS) {
      return kernel.nearSketches(layout.sketches(block), rows, sketchAt, half, whole, listAt);
    }
    const { uint32 } = current();
    for (let row = 0; row < rows; row++) uint32[listAt / 4 + row] = row;
    return rows;
  };

  return {
    scan({ probe, rows, limit, minSimilarity }) {
      const unit = placeProbe(probe);
      const limits = sketchLimits(Math.min(probe.length, SKETCH_BITS), minSimilarity);
      const top = createTop(limit);
      const { uint32, int32, float32 } = current();
      for (let block = 0; block * BLOCK_ROWS < rows; block++) {
        const count = candidates(block, Math.min(BLOCK_ROWS, rows - block * BLOCK_ROWS), limits);
        if (count === 0) continue;
        kernel.dotProducts(layout.codes(block), layout.rowBytes, listAt, count, probeAt, productsAt);
        const scalesAt = layout.scales(block) / 4;
        for (let i = 0; i < count; i++) {
          const row = uint32[listAt / 4 + i]!;
          const scale = float32[scalesAt + row]!;
          if (scale === 0) continue;
          const similarity = Math.min(1, int32[productsAt / 4 + i]! * unit * scale);
          if (similarity >= minSimilarity) top.add(block * BLOCK_ROWS + row, similarity);
        }
      }
      return top.hits();
    },
  };
}

/** The whole memory, as numbers of several kinds. Memory that grows has a new buffer. */
function viewsOf({ buffer }: WebAssembly.Memory) {
  return {
    bytes: buffer,
    int16: new Int16Array(buffer),
    int32: new Int32Array(buffer),
    uint32: new Uint32Array(buffer),
    float32: new Float32Array(buffer),
  };
}

/** Writes one bit per number, from index `at` of `words` on: whether it is negative. */
export function writeSketch(numbers: Int16Array | Int8Array, words: Uint32Array, at: number): void {
  for (let word = 0; word < SKETCH_BITS / 32; word++) {
    let bits = 0;
    const end = Math.min(numbers.length, word * 32 + 32);
    for (let i = word * 32; i < end; i++) bits |= (numbers[i]! >>> 31) << (i & 31);
    words[at + word] = bits;
  }
}

interface SketchLimits {
  /** Signs that may differ, of all and of the first half of a sketch. */
  readonly whole: number;
  readonly half: number;
}

/** Two vectors at an angle differ in the sign of each number with the probability angle ÷ π, as far as numbers are alike. */
function sketchLimits(bits: number, minSimilarity: number): SketchLimits {
  const share = Math.acos(Math.min(1, Math.max(-1, minSimilarity))) / Math.PI;
  const limit = (n: number) => Math.ceil(n * share + SKETCH_MARGIN * Math.sqrt(n * share * (1 - share)));
  return { whole: limit(bits), half: limit(Math.min(bits, SKETCH_BITS / 2)) };
}

/** The hits of highest similarity; of equal ones, those of the lower rows. */
function createTop(limit: number) {
  // A heap whose root is the worst hit.
  const heap: Hit[] = [];
  const worse = (a: Hit, b: Hit) => a.similarity - b.similarity || b.row - a.row;

  const siftUp = (from: number) => {
    for (let child = from; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (worse(heap[parent]!, heap[child]!) <= 0) return;
      [heap[parent], heap[child]] = [heap[child]!, heap[parent]!];
      child = parent;
    }
  };
  const siftDown = () => {
    for (let parent = 0; ; ) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child < heap.length && worse(heap[child]!, heap[least]!) < 0) least = child;
      }
      if (least === parent) return;
      [heap[parent], heap[least]] = [heap[least]!, heap[parent]!];
      parent = least;
    }
  };

  return {
    add(row: number, similarity: number): void {
      // Rows come in ascending order, so an equally similar hit is never better than one that is there.
      if (heap.length === limit && similarity <= heap[0]!.similarity) return;
      const hit = { row, similarity };
      if (heap.length < limit) {
        heap.push(hit);
        siftUp(heap.length - 1);
      } else {
        heap[0] = hit;
        siftDown();
      }
    },
    hits: (): Hit[] => heap.sort((a, b) => worse(b, a)),
  };
}

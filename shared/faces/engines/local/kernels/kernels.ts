import { WASM } from './kernels.wasm.ts';

/** The functions of kernels.wat. Addresses are positions in the memory. */
interface Functions {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  addRows(from: number, stride: number, rows: number, weights: number, to: number, bytes: number): void;
  addEvenRows(from: number, stride: number, rows: number, weights: number, to: number, bytes: number): void;
  addColumns(
    from: number,
    first: number,
    used: number,
    weights: number,
    taps: number,
    shift: number,
    to: number,
    plane: number,
    count: number,
  ): void;
  sampleRow(
    from: number,
    stride: number,
    x: number,
    y: number,
    dx: number,
    dy: number,
    samples: number,
    to: number,
    plane: number,
    count: number,
  ): void;
}

export interface Kernels extends Functions {
  /** Makes room for pieces of these sizes in bytes, and returns their addresses. What was there before is lost. */
  layOut(...sizes: readonly number[]): number[];
  /** The memory, until the next `layOut`. */
  bytes(): Uint8Array<ArrayBuffer>;
  floats(at: number, length: number): Float32Array<ArrayBuffer>;
  integers(at: number, length: number): Int32Array<ArrayBuffer>;
}

/** The types of Node leave it out. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Functions };
}

const PAGE_BYTES = 65_536;
const ALIGNMENT = 16;
/** The functions read and write whole vectors, beyond the end of what they are given. */
const SPARE_BYTES = 64;

let loaded: Kernels | undefined;

/** Compiles a kilobyte, which takes less than a millisecond. */
export function kernels(): Kernels {
  loaded ??= load();
  return loaded;
}

function load(): Kernels {
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;
  const functions = new Instance(new Module(Buffer.from(WASM, 'base64'))).exports;
  const { memory } = functions;
  const buffer = () => memory.buffer;
  return {
    ...functions,
    layOut(...sizes) {
      let end = 0;
      const addresses = sizes.map((size) => {
        const at = end;
        end += Math.ceil((size + SPARE_BYTES) / ALIGNMENT) * ALIGNMENT;
        return at;
      });
      const lacking = end - buffer().byteLength;
      if (lacking > 0) memory.grow(Math.ceil(lacking / PAGE_BYTES));
      return addresses;
    },
    bytes: () => new Uint8Array(buffer()),
    floats: (at, length) => new Float32Array(buffer(), at, length),
    integers: (at, length) => new Int32Array(buffer(), at, length),
  };
}

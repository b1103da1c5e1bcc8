/** A block of one colour: the only code of each table is the bit 0, which means no difference and the end of the block. */
const BLOCK_BITS = 2;
const WIDTH = 640;
const HEIGHT = 480;

/**
 * A grey baseline JPEG with a restart marker after each row of blocks. No encoder at hand writes restart markers.
 *
 * @param numberOf the number of the n-th restart marker, modulo 8
 */
export function jpegWithRestarts(numberOf: (n: number) => number): {
  readonly width: number;
  readonly height: number;
  readonly file: Buffer;
} {
  const blocksPerRow = WIDTH / 8;
  const row = Buffer.alloc((blocksPerRow * BLOCK_BITS) / 8);
  const rows = Array.from({ length: HEIGHT / 8 }, (_, n) =>
    n === 0 ? row : Buffer.concat([Buffer.from([0xff, 0xd0 + (numberOf(n - 1) % 8)]), row]),
  );
  const file = Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xdb, [0, ...Array<number>(64).fill(1)]),
    segment(0xc0, [8, HEIGHT >> 8, HEIGHT & 255, WIDTH >> 8, WIDTH & 255, 1, 1, 0x11, 0]),
    segment(0xc4, [0x00, 1, ...Array<number>(15).fill(0), 0]),
    segment(0xc4, [0x10, 1, ...Array<number>(15).fill(0), 0]),
    segment(0xdd, [blocksPerRow >> 8, blocksPerRow & 255]),
    segment(0xda, [1, 1, 0, 0, 63, 0]),
    ...rows,
    Buffer.from([0xff, 0xd9]),
  ]);
  return { width: WIDTH, height: HEIGHT, file };
}

function segment(marker: number, content: readonly number[]): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([head, Buffer.from(content)]);
}

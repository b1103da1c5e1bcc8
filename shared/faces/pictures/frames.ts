import type { Duplex } from 'node:stream';

/** More in one frame is a fault of the other side. */
const MAX_FRAME_BYTES = 2 ** 31 - 1;

/** A message and the files that belong to it. */
export interface Frame<M> {
  readonly message: M;
  readonly files: readonly Uint8Array[];
}

interface Head<M> {
  readonly message: M;
  /** Bytes of each file. */
  readonly sizes: readonly number[];
}

/** Writes the length of a head in four bytes, the head as JSON, then the files, which are not copied. */
export function writeFrame<M>(stream: Duplex, { message, files }: Frame<M>): void {
  const head: Head<M> = { message, sizes: files.map(({ length }) => length) };
  const json = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  stream.cork();
  for (const piece of [length, json, ...files]) stream.write(piece);
  stream.uncork();
}

/** Calls `onFrame` for each frame that has arrived whole. The returned function stops reading. */
export function readFrames<M>(stream: Duplex, onFrame: (frame: Frame<M>) => void): void {
  const reader = frames(onFrame);
  let wanted = Buffer.alloc(reader.next().value as number);
  let filled = 0;
  stream.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; ) {
      const taken = chunk.copy(wanted, filled, at);
      at += taken;
      filled += taken;
      while (filled === wanted.length) {
        wanted = Buffer.allocUnsafeSlow(reader.next(wanted).value as number);
        filled = 0;
      }
    }
  });
}

/** Yields the number of bytes that it needs next, and is given them. */
function* frames<M>(onFrame: (frame: Frame<M>) => void): Generator<number, never, Buffer> {
  for (;;) {
    const length = yield 4;
    const head = yield length.readUInt32LE();
    const { message, sizes } = JSON.parse(head.toString()) as Head<M>;
    if (sizes.reduce((sum, size) => sum + size, 0) > MAX_FRAME_BYTES)
      throw new RangeError('a frame is too large');
    const files: Buffer[] = [];
    for (const size of sizes) files.push(yield size);
    onFrame({ message, files });
  }
}

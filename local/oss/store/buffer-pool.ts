/** Buffers of one size that are used again. */
export interface BufferPool {
  take(): Buffer;
  give(buffer: Buffer): void;
}

/** @param maxFree how many buffers are kept for later */
export function createBufferPool(bytes: number, maxFree: number): BufferPool {
  const free: Buffer[] = [];
  return {
    take: () => free.pop() ?? Buffer.allocUnsafeSlow(bytes),
    give(buffer) {
      if (free.length < maxFree) free.push(buffer);
    },
  };
}

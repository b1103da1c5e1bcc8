/** Blocks that were used last, of all files together. */
export interface BlockCache {
  get(file: string, index: number): Buffer | undefined;
  set(file: string, index: number, block: Buffer): void;
  /** Drops the blocks of a file. */
  forget(file: string): void;
}

export function createBlockCache(maxBlocks: number): BlockCache {
  const blocks = new Map<string, Buffer>();
  const keyOf = (file: string, index: number) => `${index}\0${file}`;
  return {
    get(file, index) {
      const key = keyOf(file, index);
      const block = blocks.get(key);
      if (block) {
        // A map keeps the order of insertion, so the first one is that whose use is longest ago.
        blocks.delete(key);
        blocks.set(key, block);
      }
      return block;
    },
    set(file, index, block) {
      blocks.set(keyOf(file, index), block);
      if (blocks.size > maxBlocks) blocks.delete(blocks.keys().next().value!);
    },
    forget(file) {
      for (const key of blocks.keys()) if (key.endsWith(`\0${file}`)) blocks.delete(key);
    },
  };
}

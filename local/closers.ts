/** What has to be closed, in reverse order of opening. */
export interface Closers {
  add(close: () => unknown): void;
  /** Closes everything that was added; a second call closes nothing again. */
  close(): Promise<void>;
}

export function createClosers(): Closers {
  const closers: (() => unknown)[] = [];
  return {
    add: (close) => void closers.push(close),
    async close() {
      for (let close = closers.pop(); close; close = closers.pop()) await close();
    },
  };
}

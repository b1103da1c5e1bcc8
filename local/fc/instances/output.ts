import type { Readable } from 'node:stream';

/** What an instance has printed. */
export interface Output {
  /** Resolves when the output contains the text. */
  has(text: string): Promise<void>;
  /** The output since the last call. */
  take(): string;
}

/** The most that is kept of an instance that prints without end, in characters. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

export function collectOutput(streams: readonly (Readable | null)[]): Output {
  let held = '';
  let check = () => {};
  for (const stream of streams) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      held += chunk;
      if (held.length > MAX_CHARACTERS) held = held.slice(-MAX_CHARACTERS);
      check();
    });
  }
  return {
    has: (text) =>
      new Promise((resolve) => {
        check = () => held.includes(text) && resolve();
        check();
      }),
    take() {
      const taken = held;
      held = '';
      return taken;
    },
  };
}

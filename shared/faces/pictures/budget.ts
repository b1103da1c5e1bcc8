import { untilAborted } from '../../runtime/abort.ts';
import { AppError } from '../../runtime/errors.ts';

/** Memory that all pictures of a program share: a picture waits for its share instead of the program running out. */
export interface MemoryBudget {
  /** Waits until so much is free, in the order of calls. More than there is counts as all of it. Throws `Aborted`. */
  take(bytes: number, signal?: AbortSignal): Promise<MemoryShare>;
}

export interface MemoryShare {
  /** Gives back all but this much. */
  shrink(bytes: number): void;
  /** It can be repeated. */
  release(): void;
}

interface Waiting {
  readonly bytes: number;
  readonly go: () => void;
}

export function createMemoryBudget(totalBytes: number): MemoryBudget {
  const line: Waiting[] = [];
  let free = totalBytes;

  /** Strictly in order: a large picture is not overtaken for ever by small ones. */
  const serve = (): void => {
    while (line.length > 0 && line[0]!.bytes <= free) {
      const { bytes, go } = line.shift()!;
      free -= bytes;
      go();
    }
  };

  const shareOf = (bytes: number): MemoryShare => {
    let held = bytes;
    const shrink = (to: number): void => {
      free += Math.max(0, held - to);
      held = Math.min(held, to);
      serve();
    };
    return { shrink, release: () => shrink(0) };
  };

  return {
    take(wanted, signal) {
      const bytes = Math.min(wanted, totalBytes);
      return untilAborted(
        signal,
        (resolve) => {
          const waiting = { bytes, go: () => resolve(shareOf(bytes)) };
          line.push(waiting);
          serve();
          return () => {
            const at = line.indexOf(waiting);
            if (at >= 0) line.splice(at, 1);
            serve();
          };
        },
        ({ reason }) =>
          new AppError('Aborted', 'the picture was stopped while it waited for memory', { cause: reason }),
      );
    },
  };
}

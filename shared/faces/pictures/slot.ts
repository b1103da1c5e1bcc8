import {
  type PictureProcess,
  type PictureProcessDeps,
  ProcessEnded,
  startPictureProcess,
} from './process.ts';

/** Memory that a process may keep between two pictures; one that keeps more is replaced. */
const MAX_IDLE_BYTES = 320 * 1024 * 1024;

/** A process that is started when it is needed, and started again when it has ended. */
export interface Slot {
  /** A process that has loaded its models. Throws `ModelMismatch`, `EngineCrashed` and the like. */
  process(): Promise<SlotProcess>;
  /** Counts a picture that uses the process. The returned function ends that. */
  enter(): () => void;
  close(): Promise<void>;
}

export interface SlotProcess extends PictureProcess {
  /** Whether this is the first picture that is opened on it. */
  countPicture(): boolean;
}

export function createSlot(deps: PictureProcessDeps): Slot {
  let starting: Promise<SlotProcess> | undefined;
  let current: PictureProcess | undefined;
  let pictures = 0;

  const start = async (): Promise<SlotProcess> => {
    const started = startPictureProcess(deps);
    current = started;
    try {
      await started.call({ call: 'warm-up' });
    } catch (error) {
      starting = undefined;
      await started.close();
      throw error instanceof ProcessEnded ? error.toAppError() : error;
    }
    let counted = 0;
    return Object.assign(started, { countPicture: () => counted++ === 0 });
  };

  const close = async (): Promise<void> => {
    starting = undefined;
    await current?.close();
  };

  return {
    process() {
      if (current?.hasEnded) starting = undefined;
      starting ??= start();
      return starting;
    },
    enter() {
      pictures++;
      return () => {
        pictures--;
        if (pictures === 0 && current && current.residentBytes > MAX_IDLE_BYTES) void close();
      };
    },
    close,
  };
}

import { type ImageBounds, MEGABYTE, type PictureFacts } from '../../images/image.ts';
import { AppError } from '../../runtime/errors.ts';
import type { Face } from '../face.ts';
import type { OpenOptions, Picture } from '../picture.ts';
import type { MemoryBudget, MemoryShare } from './budget.ts';
import type { Lane } from './lanes.ts';
import { type CallResult, ProcessEnded } from './process.ts';
import type { Call, CallName } from './protocol.ts';
import type { SlotProcess } from './slot.ts';

export interface RemotePictureDeps {
  /** It is left when the picture is closed. */
  readonly lane: Lane;
  readonly budget: MemoryBudget;
  /** Called for a process that ended by itself, before the picture is repeated on another. */
  readonly onCrash: (error: AppError) => void;
}

/** A picture is repeated once for its own crash, and so often for the end of its process because of others. */
const MAX_LOSSES = 20;
/** Beyond the estimate of a picture: what it finds and what is drawn. */
const WORK_BYTES = 64 * MEGABYTE;
/** A picture that is expected to cost more is processed in the lane of costly pictures. */
const ORDINARY_MS = 1000;
const ORDINARY_BYTES = 160 * MEGABYTE;
/** A picture whose decoding costs more against expectation is moved there. */
const MAX_ORDINARY_MS = 2000;
/** Copies of a decoded picture that exist at once while it is drawn and encoded. */
const RASTER_COPIES = 3;

let pictures = 0;

/** Opens a picture on the process of a slot. When the process ends, the picture is opened again on the next. */
export async function openRemotePicture(
  bytes: Uint8Array,
  { bounds, signal }: OpenOptions,
  deps: RemotePictureDeps,
): Promise<Picture> {
  const picture = pictures++;
  let attached: SlotProcess | undefined;
  let isFirst = false;
  let share: MemoryShare | undefined;
  let facts: PictureFacts | undefined;
  let spentMs = 0;
  /** Processor time that the picture used before it moved to the other lane. */
  let movedAfterMs = 0;
  let crashes = 0;
  let losses = 0;
  let isClosed = false;

  const detach = (): void => {
    attached = undefined;
    share?.release();
    share = undefined;
  };

  const { lane } = deps;
  const ask = async <C extends CallName>(
    process: SlotProcess,
    call: Extract<Call, { call: C }>,
    files: readonly Uint8Array[] = [],
  ): Promise<CallResult<C>> => {
    const leftMs = bounds.maxPictureSeconds * 1000 - spentMs;
    if (leftMs <= 0) throw new ProcessEnded('processor');
    const isDecoding = call.call === 'inspect' || call.call === 'decode';
    const processorMs = lane.canMove && isDecoding ? Math.min(leftMs, MAX_ORDINARY_MS) : leftMs;
    const memoryBytes = bounds.maxPictureMb * MEGABYTE + WORK_BYTES;
    const result = await process.call(call, { files, signal, limits: { processorMs, memoryBytes } });
    spentMs += result.processorMs;
    return result;
  };

  const attach = async (): Promise<SlotProcess> => {
    const process = await lane.slot.process();
    isFirst = process.countPicture();
    spentMs = movedAfterMs;
    const { memoryBytes, processorMs } = (await ask(process, { call: 'inspect', picture, bounds }, [bytes]))
      .answer;
    if (lane.canMove && (processorMs > ORDINARY_MS || memoryBytes > ORDINARY_BYTES)) {
      process.forget(picture);
      await lane.move();
      return attach();
    }
    share = await deps.budget.take(memoryBytes, signal);
    facts = (await ask(process, { call: 'decode', picture })).answer;
    share.shrink(facts.raster.width * facts.raster.height * 3 * RASTER_COPIES);
    attached = process;
    return process;
  };

  /** Returns when the work is worth another try. */
  const judge = async (end: ProcessEnded): Promise<void> => {
    const wasFirst = isFirst;
    const wasDecoding = attached === undefined;
    detach();
    if (end.reason === 'processor' && wasDecoding && lane.canMove) {
      movedAfterMs = MAX_ORDINARY_MS;
      return lane.move();
    }
    switch (end.reason) {
      case 'lost':
        if (++losses <= MAX_LOSSES) return;
        break;
      case 'processor':
        throw tooCostly('maxPictureSeconds', 'seconds of processor time', bounds);
      case 'memory':
        // What earlier pictures left behind must not count.
        if (wasFirst || crashes++ > 0) throw tooCostly('maxPictureMb', 'MB of memory', bounds);
        return;
      case 'crash':
      case 'silence':
        if (crashes++ > 0) break;
        deps.onCrash(end.toAppError());
        return;
    }
    throw end.toAppError();
  };

  /** Carries out `work`, again where its process ended. */
  const repeating = async <R>(work: () => Promise<R>): Promise<R> => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ProcessEnded)) throw error;
        await judge(error);
      }
    }
  };

  const run = <C extends CallName>(call: Extract<Call, { call: C }>): Promise<CallResult<C>> =>
    repeating(async () => {
      if (isClosed) throw new Error('the picture is closed');
      return ask(attached ?? (await attach()), call);
    });

  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    attached?.forget(picture);
    detach();
    lane.leave();
  };

  try {
    await repeating(attach);
  } catch (error) {
    close();
    throw error;
  }
  return {
    ...facts!,
    async faces({ attributes, embeddings }) {
      const { answer, files } = await run({
        call: 'faces',
        picture,
        attributes: [...attributes],
        embeddings,
      });
      return answer.map((face, index) => withEmbedding(face, files[index]));
    },
    sharpness: async (box) => (await run({ call: 'sharpness', picture, box })).answer,
    async encode(limits) {
      const { answer, files } = await run({ call: 'encode', picture, limits });
      return { ...answer, bytes: files[0]! };
    },
    crop: async (box, options) => (await run({ call: 'crop', picture, box, options })).files[0]!,
    async render(plan) {
      const { answer: names, files } = await run({ call: 'render', picture, plan });
      close();
      const single = Object.fromEntries(names.map((name, index) => [name, files[index]]));
      return { ...single, crops: files.slice(names.length) };
    },
    close,
  };
}

function withEmbedding(face: Face, file: Uint8Array | undefined): Face {
  if (!file) return face;
  // Copied, because floats must start at a multiple of four.
  return { ...face, embedding: new Float32Array(new Uint8Array(file).buffer) };
}

function tooCostly(bound: 'maxPictureSeconds' | 'maxPictureMb', unit: string, bounds: ImageBounds): AppError {
  const limit = bounds[bound];
  return new AppError(
    'ImageTooLarge',
    `The image takes more than the ${limit} ${unit} that ${bound} allows.`,
    {
      details: { bound, limit },
    },
  );
}

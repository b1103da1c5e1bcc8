import type { Duplex } from 'node:stream';
import type { ImageBounds } from '../../images/image.ts';
import { LACK_OF_MEMORY } from '../../images/inspect/errors.ts';
import { type ImageHeader, readHeader } from '../../images/inspect/header.ts';
import { loadSharp } from '../../images/sharp.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { RasterEngine } from '../engine.ts';
import type { Face } from '../face.ts';
import type { Picture } from '../picture.ts';
import { type Frame, readFrames, writeFrame } from './frames.ts';
import { decodePicture } from './in-process.ts';
import {
  type Answers,
  type Call,
  type CallName,
  type FromProcess,
  type ToProcess,
  toFailure,
} from './protocol.ts';
import { ownUsage } from './usage.ts';
import { type CallLimits, watchUsage } from './watch.ts';

/** A file whose header was read. */
interface Inspected {
  readonly bounds: ImageBounds;
  readonly header: ImageHeader;
}

interface Reply<C extends CallName> {
  readonly answer: Answers[C];
  readonly files?: readonly Uint8Array[];
}

type Handlers = {
  readonly [C in CallName]: (
    call: Extract<Call, { call: C }>,
    files: readonly Uint8Array[],
    signal: AbortSignal,
  ) => Promise<Reply<C>>;
};

export interface ServeDeps {
  readonly engine: RasterEngine;
  readonly watchesItself: boolean;
}

/** Opens pictures for the other side of the channel. Calls come one at a time. */
export function servePictures(channel: Duplex, { engine, watchesItself }: ServeDeps): void {
  const inspected = new Map<number, Inspected>();
  const opened = new Map<number, Picture>();
  const running = new Map<number, AbortController>();
  const pictureOf = (number: number): Picture => opened.get(number)!;
  const forget = (number: number): void => {
    inspected.delete(number);
    opened.delete(number);
  };

  const handlers: Handlers = {
    async 'warm-up'() {
      await Promise.all([engine.warmUp(), loadSharp()]);
      return { answer: null };
    },
    async inspect({ picture, bounds }, [bytes]) {
      const header = await readHeader(bytes!, bounds);
      inspected.set(picture, { bounds, header });
      return { answer: { memoryBytes: header.memoryBytes, processorMs: header.processorMs } };
    },
    async decode({ picture: number }) {
      const { header, bounds } = inspected.get(number)!;
      // Nobody needs the bytes of the file any more.
      inspected.delete(number);
      const picture = await decodePicture(header, bounds, engine);
      opened.set(number, picture);
      const { width, height, format, storedUpright, partial, preview } = picture;
      const raster = { width: picture.raster.width, height: picture.raster.height };
      return { answer: { width, height, format, storedUpright, partial, preview, raster } };
    },
    async faces({ picture, attributes, embeddings }, _, signal) {
      const asked = { attributes: new Set(attributes), embeddings, signal };
      const faces = await pictureOf(picture).faces(asked);
      return { answer: faces.map(withoutEmbedding), files: faces.flatMap(embeddingOf) };
    },
    sharpness: async ({ picture, box }) => ({ answer: await pictureOf(picture).sharpness(box) }),
    async encode({ picture, limits }) {
      const { bytes, width, height } = await pictureOf(picture).encode(limits);
      return { answer: { width, height }, files: [bytes] };
    },
    crop: async ({ picture, box, options }) => ({
      answer: null,
      files: [await pictureOf(picture).crop(box, options)],
    }),
    async render({ picture, plan }) {
      const { crops, ...single } = await pictureOf(picture).render(plan);
      forget(picture);
      const made = Object.entries(single).filter(([, file]) => file) as [
        Answers['render'][number],
        Uint8Array,
      ][];
      return { answer: made.map(([name]) => name), files: [...made.map(([, file]) => file), ...crops] };
    },
  };

  const answer = (message: Omit<FromProcess, 'residentBytes'>, files: readonly Uint8Array[] = []): void =>
    writeFrame(channel, { message: { ...message, residentBytes: process.memoryUsage.rss() }, files });

  /** Says what was exceeded, and leaves the end to the parent. */
  const watch = (id: number, limits: CallLimits): (() => void) =>
    watchUsage(ownUsage, limits, systemClock, (exceeded) => answer({ id, exceeded, processorMs: 0 }));

  const carryOut = async (
    { id, limits, call }: Extract<ToProcess, { id: number }>,
    given: readonly Uint8Array[],
  ): Promise<void> => {
    const before = ownUsage();
    const stopWatching = watchesItself ? watch(id, limits) : undefined;
    const abort = new AbortController();
    running.set(id, abort);
    const handler = handlers[call.call] as (...given: unknown[]) => Promise<Reply<CallName>>;
    const { files, ...outcome } = await handler(call, given, abort.signal).catch((error: unknown) => ({
      failure: toFailure(error),
      outOfMemory: LACK_OF_MEMORY.test(String(error)),
      files: undefined,
    }));
    running.delete(id);
    stopWatching?.();
    answer({ ...outcome, id, processorMs: ownUsage().processorMs - before.processorMs }, files);
  };

  readFrames(channel, ({ message, files }: Frame<ToProcess>) => {
    if ('close' in message) forget(message.close);
    else if ('abort' in message) running.get(message.abort)?.abort();
    else void carryOut(message, files);
  });
}

function withoutEmbedding({ embedding, ...face }: Face): Face {
  return face;
}

function embeddingOf({ embedding }: Face): Uint8Array[] {
  return embedding ? [new Uint8Array(embedding.buffer, embedding.byteOffset, embedding.byteLength)] : [];
}

import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { type Frame, HEADER_BYTES, isSnapshot, readFrames } from './frames.ts';
import { entriesOf } from './stored-file.ts';
import { readWitness } from './witness.ts';

/** Where the next frame of a log begins. */
export interface LogPosition {
  /** The number of the file. */
  readonly file: number;
  readonly offset: number;
  /** The sequence number of that frame. */
  readonly seq: number;
}

/** A stretch of a log that is not as it was written. */
export interface Flaw {
  /** `missing`: the whole file. */
  readonly kind: 'damaged' | 'cut' | 'missing';
  readonly file: number;
  readonly offset: number;
  /** Where the next frame begins, or where the file ends. */
  readonly end: number;
  /** Acknowledged frames that are lost; `undefined` if that is not known. */
  readonly lost: number | undefined;
  /** The sequence number of the first frame behind it. */
  readonly nextSeq: number;
  /** Whether no frame follows in the whole log. */
  readonly isTail: boolean;
}

export interface LogScan {
  /** Where the log ends, as far as it can be read; `undefined` if it has no file. */
  readonly end: LogPosition | undefined;
  readonly flaws: readonly Flaw[];
  /** Unless it is valid, a cut may go unnoticed. */
  readonly witness: 'valid' | 'missing' | 'damaged';
  /** Bytes by number of file. */
  readonly sizes: ReadonlyMap<number, number>;
  /** Bytes of the snapshot that the log begins with; 0 if it has none. */
  readonly snapshotBytes: number;
}

export const logFile = (folder: string, number: number) =>
  path.join(folder, `${String(number).padStart(8, '0')}.log`);

/** The numbers of the files of a log, oldest first; none if the folder does not exist. */
export async function logFilesIn(folder: string): Promise<number[]> {
  return (await entriesOf(folder))
    .filter((name) => /^\d{8}\.log$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((left, right) => left - right);
}

/**
 * Reads a log from a position to its end, and finds what is missing: frames have consecutive numbers over all files, and
 * the witness knows the last one.
 */
export async function scanLog(
  folder: string,
  from: LogPosition | undefined,
  apply: (frame: Frame, file: number) => void,
  onProgress: (position: LogPosition) => Promise<void> = async () => {},
): Promise<LogScan> {
  const numbers = (await logFilesIn(folder)).filter((number) => number >= (from?.file ?? 0));
  const witness = await readWitness(folder);
  const known = typeof witness === 'object' ? witness : undefined;
  const stateOfWitness = typeof witness === 'object' ? 'valid' : (witness ?? 'missing');
  const snapshot = from ? undefined : await snapshotIn(folder, numbers);
  const first = from?.file ?? snapshot ?? known?.first ?? numbers[0];
  const isEmpty = numbers.length === 0 && !from && (!known || known.last < known.first);
  if (first === undefined || isEmpty)
    return { end: undefined, flaws: [], witness: stateOfWitness, sizes: new Map(), snapshotBytes: 0 };

  const sizes = new Map<number, number>();
  const flaws: Flaw[] = [];
  let end: LogPosition = from ?? { file: first, offset: 0, seq: 0 };
  /** The next sequence number; unknown at the beginning of a log that was compacted. */
  let seq = from?.seq ?? (first === 1 ? 1 : undefined);
  /** How many of the flaws have a frame behind them. */
  let followed = 0;
  /** What was found since the last frame. */
  let open: Pick<Flaw, 'kind' | 'file' | 'offset' | 'end'> | undefined;

  const closeFlaw = (nextSeq: number, isTail: boolean) => {
    const isKnown = seq !== undefined && (known !== undefined || !isTail);
    const lost = isKnown ? Math.max(0, nextSeq - seq!) : undefined;
    const cut = { kind: 'cut', file: end.file, offset: end.offset, end: end.offset } as const;
    flaws.push({ ...(open ?? cut), lost, nextSeq, isTail });
    open = undefined;
  };
  const openFlaw = (flaw: typeof open) => {
    // Only the last of several flaws in a row can be counted.
    if (open) flaws.push({ ...open, lost: undefined, nextSeq: seq ?? 0, isTail: false });
    open = flaw;
  };

  let expected = first;
  for (const number of numbers.filter((each) => each >= first)) {
    for (; expected < number; expected++) openFlaw({ kind: 'missing', file: expected, offset: 0, end: 0 });
    expected = number + 1;
    const start = number === from?.file ? from : undefined;
    const handle = await fs.open(logFile(folder, number), 'r');
    try {
      const { size } = await handle.stat();
      sizes.set(number, size);
      end = { file: number, offset: Math.min(start?.offset ?? 0, size), seq: seq ?? 0 };
      for await (const batch of readFrames(handle, start?.offset, start?.seq)) {
        for (const item of batch) {
          if (!('seq' in item)) {
            openFlaw({ kind: 'damaged', file: number, ...item });
            continue;
          }
          const isJump = seq !== undefined && item.seq > seq;
          if (open || (isJump && item.kind === 'entry')) closeFlaw(item.seq, false);
          followed = flaws.length;
          if (item.kind !== 'void') apply(item, number);
          // Two processes that wrote at the same time gave some numbers twice.
          seq = Math.max(seq ?? 0, item.seq + 1);
          end = { file: number, offset: item.end, seq };
        }
        await onProgress(end);
      }
    } finally {
      await handle.close();
    }
  }
  const last = Math.max(known?.last ?? 0, expected - 1);
  for (; expected <= last; expected++) openFlaw({ kind: 'missing', file: expected, offset: 0, end: 0 });
  const nextSeq = Math.max(known?.seq ?? 0, seq ?? 0);
  if (open || nextSeq > (seq ?? nextSeq)) closeFlaw(nextSeq, true);
  return {
    end: { ...end, seq: seq ?? nextSeq },
    flaws: flaws.map((flaw, index) => (index < followed ? flaw : { ...flaw, isTail: true })),
    witness: stateOfWitness,
    sizes,
    snapshotBytes: snapshot === undefined ? 0 : sizes.get(snapshot)!,
  };
}

/** The newest file that begins with a snapshot. Older ones are left from a crash. */
async function snapshotIn(folder: string, numbers: readonly number[]): Promise<number | undefined> {
  for (const number of numbers.toReversed()) {
    const handle = await fs.open(logFile(folder, number), 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
      if (isSnapshot(buffer.subarray(0, bytesRead))) return number;
    } finally {
      await handle.close();
    }
  }
  return undefined;
}

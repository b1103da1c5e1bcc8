import { constants, writeSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from './checksum.ts';
import { FILE_MODE } from './durable-files.ts';

/**
 * What a log knows about itself in a file beside it, `end`: without it, nobody could see that a log was cut between two
 * frames. It is written after each commit and not flushed: after a loss of power it may be older than the log, never newer.
 */
export interface Witness {
  /** The number of the oldest file of the log. */
  readonly first: number;
  /** The number of the newest one. */
  readonly last: number;
  /** The sequence number of the next frame. */
  readonly seq: number;
}

export interface WitnessFile {
  write(witness: Witness): void;
  /** Resolves when what was written is on disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

const LENGTH = 64;

export async function openWitness(folder: string): Promise<WitnessFile> {
  const handle = await open(join(folder, 'end'), constants.O_CREAT | constants.O_RDWR, FILE_MODE);
  return {
    write({ first, last, seq }) {
      const text = `${first} ${last} ${seq} `;
      const line = `${text}${crc32(Buffer.from(text))}`;
      // At once: this takes less time than handing it to another thread.
      writeSync(handle.fd, `${line.padEnd(LENGTH - 1)}\n`, 0);
    },
    sync: () => handle.datasync(),
    close: () => handle.close(),
  };
}

/** `damaged` if it is not as it was written, `undefined` if there is none. */
export async function readWitness(folder: string): Promise<Witness | 'damaged' | undefined> {
  const text = await readFile(join(folder, 'end'), 'latin1').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const [, stated = '', first, last, seq, sum] = /^((\d+) (\d+) (\d+) )(\d+) *\n$/.exec(text) ?? [];
  if (Number(sum) !== crc32(Buffer.from(stated))) return 'damaged';
  return { first: Number(first), last: Number(last), seq: Number(seq) };
}

import { readdir, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Damage, DataFolder } from './data-folder.ts';
import { createDurableFiles } from './durable-files.ts';
import { readJournalV1 } from './journal-v1.ts';
import { openLog } from './log.ts';
import { mendLog } from './mend-log.ts';
import { logFilesIn, scanLog } from './scan-log.ts';

/**
 * A durable list of records that change a state in memory: what a new service of the local cloud keeps its data in. It gets
 * a folder of its own below the data folder, and a line in `local/check-data.ts`, so that it is verified and repaired too.
 */
export interface Journal<R> {
  /** Resolves when the records, and all before them, survive a crash. */
  append(records: readonly R[]): Promise<void>;
  /** Adds records that a crash may lose, so the caller does not wait. */
  note(records: readonly R[]): void;
  /** Waits for the records appended so far, then closes the file. */
  close(): Promise<void>;
}

/** The files of the journal of a service. */
export interface JournalFiles {
  readonly folder: string;
  /** Where version 0.1 kept it. */
  readonly fileV1: string;
  /** @default lines of `<checksum> <JSON array of records>` */
  readonly readV1?: typeof readJournalV1;
}

export interface JournalOptions<R> extends JournalFiles {
  readonly data: DataFolder;
  /** Called for every record, in order, before `openJournal` resolves. */
  readonly apply: (record: R) => void;
  /** The records that rebuild the current state, as new objects; called when the journal is rewritten. */
  readonly snapshot: () => Iterable<R>;
  /** @default 16 MiB */
  readonly compactAtBytes?: number;
}

const RECORDS_PER_ENTRY = 64;

/** A journal that keeps nothing. */
export function memoryJournal<R>(): Journal<R> {
  return { append: async () => {}, note: () => {}, close: async () => {} };
}

/** Keeps the records in a log, a few in each entry. A journal of version 0.1 is taken over. */
export async function openJournal<R>(options: JournalOptions<R>): Promise<Journal<R>> {
  const { folder, fileV1, readV1 = readJournalV1, data, apply, snapshot, compactAtBytes } = options;
  const files = createDurableFiles(true);
  const hasLostV1 = await isLostV1(options);
  await files.makeFolder(folder);
  const isNew = (await logFilesIn(folder)).length === 0;
  let isSound = true;
  const report = (found: Damage) => {
    isSound = false;
    data.report(found);
  };
  const hasV1 = isNew && (await readV1(fileV1, { ...data, report }, apply));

  if (hasLostV1) data.report(lostV1(fileV1, data));

  const log = await openLog({
    folder,
    files,
    data,
    apply: ({ text }) => (JSON.parse(text) as R[]).forEach(apply),
    *snapshot() {
      const records = [...snapshot()];
      for (let at = 0; at === 0 || at < records.length; at += RECORDS_PER_ENTRY) {
        yield JSON.stringify(records.slice(at, at + RECORDS_PER_ENTRY));
      }
    },
    compactAtBytes,
    startsWithSnapshot: hasV1,
  });
  if (hasV1) {
    await log.append({ text: '[]' });
    if (isSound) await rm(fileV1);
    else await data.aside.move(fileV1);
  }
  return {
    append: (records) => log.append({ text: JSON.stringify(records) }),
    note: (records) => log.note(JSON.stringify(records)),
    close: log.close,
  };
}

/** Verifies or repairs a journal, as the policy of the folder says. */
export async function checkJournal(journal: JournalFiles, data: DataFolder): Promise<void> {
  const { folder, fileV1, readV1 = readJournalV1 } = journal;
  if (data.policy !== 'verify') {
    const records: unknown[] = [];
    const apply = (record: unknown) => void records.push(record);
    const opened = await openJournal({ ...journal, data, apply, snapshot: () => records });
    return opened.close();
  }
  const numbers = await logFilesIn(folder);
  if (numbers.length === 0 && (await readV1(fileV1, data, () => {}))) return;
  if (await isLostV1(journal)) data.report(lostV1(fileV1, data));
  await mendLog(folder, await scanLog(folder, undefined, () => {}), data);
}

/** Version 0.1 made the folder of a service with its journal, so a folder without one has lost it. */
async function isLostV1({ folder, fileV1 }: JournalFiles): Promise<boolean> {
  if (dirname(folder) !== dirname(fileV1)) return false;
  const names = await readdir(dirname(folder)).catch(() => undefined);
  return names !== undefined && !names.includes(basename(folder)) && !names.includes(basename(fileV1));
}

function lostV1(fileV1: string, { relative }: DataFolder): Damage {
  return { what: relative(fileV1), problem: 'is missing', remedy: 'it begins anew' };
}

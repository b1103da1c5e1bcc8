import { join } from 'node:path';
import type { DataFolder } from '../../disk/data-folder.ts';
import { type Journal, type JournalFiles, memoryJournal, openJournal } from '../../disk/journal.ts';
import { DEFAULT_QUEUE_SETTINGS } from '../settings.ts';
import type { MnsRecord } from './records.ts';
import { apply, createState, type MnsState, snapshot } from './state.ts';

/**
 * The state and its journal: the only way to change the state. Operations read `state` and change it by records alone; a new
 * kind of record needs its case in `apply` and, if it outlives a rewrite of the journal, in `snapshot` (state.ts).
 */
export interface Ledger {
  readonly state: Omit<MnsState, 'nextOrder'>;
  /** A new id for a message within this server. */
  nextOrder(): number;
  /** Applies the records at once, and atomically after a crash; resolves when they are durable. */
  commit(records: readonly MnsRecord[]): Promise<void>;
  /** Applies records at once that a crash may lose, without waiting for the disk. */
  note(records: readonly MnsRecord[]): void;
  close(): Promise<void>;
}

/** @param data without it, the state is only in memory */
export async function openLedger(data: DataFolder | undefined): Promise<Ledger> {
  const state = createState();
  const restored: MnsRecord[] = [];
  /** A message has no queue only if the record of the queue is lost. */
  const restoreQueue = (
    { queue: name, message }: MnsRecord & { type: 'message' },
    { report }: DataFolder,
  ) => {
    const { enqueueTime } = message;
    const times = { createTime: enqueueTime, lastModifyTime: enqueueTime };
    const record = { type: 'queue', queue: { name, settings: DEFAULT_QUEUE_SETTINGS, ...times } } as const;
    restored.push(record);
    apply(state, record);
    report({
      what: `queue ${name}`,
      problem: 'has messages, but its settings are lost',
      remedy: 'it has the default settings',
    });
  };
  const journal: Journal<MnsRecord> =
    data === undefined
      ? memoryJournal()
      : await openJournal({
          ...ledgerFiles(data),
          data,
          apply(record) {
            if (record.type === 'message' && !state.queues.has(record.queue)) restoreQueue(record, data);
            apply(state, record);
          },
          snapshot: () => snapshot(state),
        });

  if (restored.length > 0) await journal.append(restored);

  const applyAll = (records: readonly MnsRecord[]) => {
    for (const record of records) apply(state, record);
  };
  return {
    state,
    nextOrder: () => state.nextOrder++,
    commit(records) {
      applyAll(records);
      return journal.append(records);
    },
    note(records) {
      applyAll(records);
      journal.note(records);
    },
    close: () => journal.close(),
  };
}

export function ledgerFiles({ path }: DataFolder): JournalFiles {
  return { folder: join(path, 'mns', 'log'), fileV1: join(path, 'mns', 'journal') };
}

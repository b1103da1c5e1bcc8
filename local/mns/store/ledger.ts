import { type Journal, memoryJournal, openJournal } from '../../disk/journal.ts';
import type { MnsRecord } from './records.ts';
import { apply, createState, type MnsState, snapshot } from './state.ts';

/** The state and its journal: the only way to change the state. */
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

export async function openLedger(journalPath: string | undefined): Promise<Ledger> {
  const state = createState();
  const journal: Journal<MnsRecord> =
    journalPath === undefined
      ? memoryJournal()
      : await openJournal({
          path: journalPath,
          apply: (record) => apply(state, record),
          snapshot: () => snapshot(state),
        });
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

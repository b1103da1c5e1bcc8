import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createDurableFiles } from '../../disk/durable-files.ts';
import { parseStored } from '../../disk/stored-file.ts';
import { FcRefusal } from '../errors.ts';
import type { FunctionRecord } from './records.ts';

/** The functions of an account, one file each in `fc/functions/` of the data folder, or in memory if there is no folder. */
export interface FunctionStore {
  find(name: string): FunctionRecord | undefined;
  /** Throws `FunctionNotFound`. */
  get(name: string): FunctionRecord;
  /** By name. */
  list(): readonly FunctionRecord[];
  /** Adds the function, or replaces the one of that name. */
  put(record: FunctionRecord): Promise<void>;
  /** Changes a function; changes follow each other. Throws `FunctionNotFound`. */
  change(name: string, change: (before: FunctionRecord) => FunctionRecord): Promise<FunctionRecord>;
  delete(name: string): Promise<void>;
  /** Calls the listener after each change with the names of what changed; returns what removes it. */
  onChange(listener: (name: string) => void): () => void;
}

export async function openFunctionStore(dataDir: string | undefined): Promise<FunctionStore> {
  const folder = dataDir === undefined ? undefined : join(dataDir, 'fc/functions');
  const files = createDurableFiles(true);
  const records = new Map<string, FunctionRecord>();
  const listeners = new Set<(name: string) => void>();
  if (folder !== undefined) {
    for (const name of (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.json'))) {
      const file = join(folder, name);
      const record = parseStored<FunctionRecord>(await readFile(file, 'utf8'), file);
      records.set(record.name, record);
    }
  }

  const get = (name: string): FunctionRecord => {
    const record = records.get(name);
    if (!record) throw new FcRefusal('FunctionNotFound', `function '${name}' does not exist`);
    return record;
  };
  const save = async (record: FunctionRecord): Promise<void> => {
    records.set(record.name, record);
    if (folder !== undefined) {
      await mkdir(folder, { recursive: true });
      await files.write(join(folder, `${record.name}.json`), `${JSON.stringify(record, null, 2)}\n`);
    }
    for (const listener of listeners) listener(record.name);
  };

  return {
    find: (name) => records.get(name),
    get,
    list: () => [...records.values()].sort((left, right) => (left.name < right.name ? -1 : 1)),
    put: save,
    async change(name, change) {
      const record = change(get(name));
      await save(record);
      return record;
    },
    async delete(name) {
      get(name);
      records.delete(name);
      if (folder !== undefined) await rm(join(folder, `${name}.json`), { force: true });
      for (const listener of listeners) listener(name);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

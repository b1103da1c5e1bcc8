import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataFolder } from '../../disk/data-folder.ts';
import { createDurableFiles } from '../../disk/durable-files.ts';
import { readSealedFile } from '../../disk/sealed-file.ts';
import { writeSealed } from '../../disk/sealed-json.ts';
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

/** The files of the functions. */
export async function functionFiles({ path }: Pick<DataFolder, 'path'>): Promise<string[]> {
  const folder = join(path, 'fc/functions');
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith('.json')).map((name) => join(folder, name));
}

export async function openFunctionStore(data: DataFolder | undefined): Promise<FunctionStore> {
  const folder = data && join(data.path, 'fc/functions');
  const files = createDurableFiles(true);
  const records = new Map<string, FunctionRecord>();
  const listeners = new Set<(name: string) => void>();
  if (data) {
    for (const file of await functionFiles(data)) {
      const record = await readSealedFile<FunctionRecord>(file, data);
      if (record) records.set(record.name, record);
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
      await writeSealed(join(folder, `${record.name}.json`), record, files);
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

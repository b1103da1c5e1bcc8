import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataFolder } from '../../disk/data-folder.ts';
import { createDurableFiles } from '../../disk/durable-files.ts';
import { readSealedFile } from '../../disk/sealed-file.ts';
import { writeSealed } from '../../disk/sealed-json.ts';
import { readIfExists } from '../../disk/stored-file.ts';

/** One log of a logstore. */
export interface LogEntry {
  /** Seconds since the epoch. */
  readonly time: number;
  readonly topic: string;
  readonly fields: Readonly<Record<string, string>>;
}

export interface Logstore {
  readonly name: string;
  readonly ttlDays: number;
  readonly shardCount: number;
  /** ISO 8601 */
  readonly created: string;
  /** The index as it was given; it decides nothing here. */
  readonly index?: object;
}

export interface Project {
  readonly name: string;
  readonly description: string;
  /** ISO 8601 */
  readonly created: string;
  readonly logstores: readonly Logstore[];
}

/** Projects with their logs, in `logs/` of the data folder, or in memory if there is no folder. */
export interface LogStore {
  project(name: string): Project | undefined;
  projects(): readonly Project[];
  /** Adds the project, or replaces the one of that name. */
  putProject(project: Project): Promise<void>;
  deleteProject(name: string): Promise<void>;
  /** Adds logs; `false` if there is no such logstore. A crash may lose the newest. */
  append(project: string, logstore: string, entries: readonly LogEntry[]): boolean;
  /** In the order of their arrival. */
  entries(project: string, logstore: string): readonly LogEntry[];
  deleteLogs(project: string, logstore: string): Promise<void>;
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** A logstore forgets its oldest logs beyond this number. */
const MAX_ENTRIES = 20_000;

/** Where the projects and logstores are. */
export function projectsFile({ path }: Pick<DataFolder, 'path'>): string {
  return join(path, 'logs/projects.json');
}

export async function openLogStore(data: DataFolder | undefined): Promise<LogStore> {
  const folder = data && join(data.path, 'logs');
  const files = createDurableFiles(true);
  const known = data && (await readSealedFile<{ projects: Project[] }>(projectsFile(data), data));
  const projects = new Map((known?.projects ?? []).map((project) => [project.name, project]));
  const logs = new Map<string, LogEntry[]>();
  const fileOf = (key: string) => join(folder!, `${key.replace('/', '+')}.jsonl`);
  for (const { name, logstores } of projects.values()) {
    for (const { name: logstore } of logstores) {
      const key = `${name}/${logstore}`;
      logs.set(key, readEntries(await readIfExists(fileOf(key))));
    }
  }
  // Writes follow each other, in the order of their logs.
  let written: Promise<unknown> = Promise.resolve();
  const inOrder = (write: () => Promise<unknown>): Promise<void> => {
    if (folder === undefined) return Promise.resolve();
    const next = written.then(write, write);
    written = next;
    return next.then(() => undefined);
  };
  const saveProjects = () =>
    inOrder(async () => {
      await mkdir(folder!, { recursive: true });
      await writeSealed(projectsFile(data!), { projects: [...projects.values()] }, files);
    });

  return {
    project: (name) => projects.get(name),
    projects: () => [...projects.values()],
    putProject(project) {
      projects.set(project.name, project);
      return saveProjects();
    },
    async deleteProject(name) {
      projects.delete(name);
      await saveProjects();
    },
    append(project, logstore, entries) {
      if (!projects.get(project)?.logstores.some(({ name }) => name === logstore)) return false;
      const key = `${project}/${logstore}`;
      const kept = logs.get(key) ?? [];
      logs.set(key, kept);
      kept.push(...entries);
      const isFull = kept.length > 2 * MAX_ENTRIES;
      if (isFull) kept.splice(0, kept.length - MAX_ENTRIES);
      const lines = (isFull ? [...kept] : entries).map((entry) => `${JSON.stringify(entry)}\n`).join('');
      void inOrder(() => (isFull ? writeFile(fileOf(key), lines) : appendFile(fileOf(key), lines)));
      return true;
    },
    entries: (project, logstore) => logs.get(`${project}/${logstore}`) ?? [],
    async deleteLogs(project, logstore) {
      const key = `${project}/${logstore}`;
      logs.delete(key);
      await inOrder(() => rm(fileOf(key), { force: true }));
    },
    async reset() {
      projects.clear();
      logs.clear();
      await inOrder(() => rm(folder!, { recursive: true, force: true }));
    },
    async close() {
      await written;
    },
  };
}

/** A crash may have cut off the last line. */
function readEntries(text = ''): LogEntry[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as LogEntry];
    } catch {
      return [];
    }
  });
}

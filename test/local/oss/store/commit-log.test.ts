import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { createDurableFiles } from '../../../../local/disk/durable-files.ts';
import { type CommitLog, createCommitLog, recoverCommitLog } from '../../../../local/oss/store/commit-log.ts';
import type { ObjectRecord } from '../../../../local/oss/store/records.ts';
import { isAppError } from '../../../../shared/runtime/errors.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const files = createDurableFiles(true);
const GENERATION_BYTES = 4096;

describe('the commit log of a bucket', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await tempDir();
    await fs.mkdir(path.join(directory, 'objects'));
  });

  const recordOf = (key: string, blob: string) =>
    ({ key, versions: [{ segments: [{ file: blob, size: 1 }] }] }) as unknown as ObjectRecord;

  /** As the store does: the bytes go to their file, unflushed, and then into the log. */
  async function commit(log: CommitLog, key: string, blob: string | undefined) {
    const blobs = new Map<string, Buffer>();
    if (blob !== undefined) {
      blobs.set(blob, Buffer.from(`bytes of ${blob}`));
      await fs.writeFile(path.join(directory, 'objects', blob), blobs.get(blob)!);
    }
    const content = blob === undefined ? undefined : recordOf(key, blob);
    await log.append({ record: { file: `${key}.json`, content }, blobs });
  }

  const logsIn = async (folder: string) =>
    (await fs.readdir(folder)).filter((name) => name.startsWith('log.'));

  async function stateIn(folder: string): Promise<Record<string, string>> {
    const objects = path.join(folder, 'objects');
    const state: Record<string, string> = {};
    for (const name of await fs.readdir(objects)) {
      if (!name.endsWith('.json')) continue;
      const { key, versions } = JSON.parse(await fs.readFile(path.join(objects, name), 'utf8'));
      state[key] = await fs.readFile(path.join(objects, versions[0].segments[0].file), 'utf8');
    }
    return state;
  }

  test('a crash after any commit loses none, over any number of generations', async () => {
    const step = fc.record({ key: fc.constantFrom('a', 'b', 'c'), removes: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        directory = await tempDir();
        await fs.mkdir(path.join(directory, 'objects'));
        const log = createCommitLog(directory, files, GENERATION_BYTES);
        const expected: Record<string, string> = {};
        for (const [index, { key, removes }] of steps.entries()) {
          await commit(log, key, removes ? undefined : `blob-${index}`);
          if (removes) delete expected[key];
          else expected[key] = `bytes of blob-${index}`;
        }
        await log.abandon();

        await recoverCommitLog(directory, files);

        expect(await stateIn(directory)).toEqual(expected);
        expect(await logsIn(directory)).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });

  test('commits that only the log holds are written to the files', async () => {
    const log = createCommitLog(directory, files);
    await Promise.all(['a', 'b', 'c'].map((key) => commit(log, key, `blob-${key}`)));
    const crashed = await tempDir();
    await fs.cp(directory, crashed, { recursive: true });
    await fs.rm(path.join(crashed, 'objects'), { recursive: true });
    await fs.mkdir(path.join(crashed, 'objects'));

    await recoverCommitLog(crashed, files);

    expect(await stateIn(crashed)).toEqual({
      a: 'bytes of blob-a',
      b: 'bytes of blob-b',
      c: 'bytes of blob-c',
    });
    await log.close();
  });

  test('a file that an append made longer is not truncated', async () => {
    const log = createCommitLog(directory, files);
    await commit(log, 'a', 'blob');
    await fs.appendFile(path.join(directory, 'objects', 'blob'), ', and more');
    await log.abandon();

    await recoverCommitLog(directory, files);

    expect(await stateIn(directory)).toEqual({ a: 'bytes of blob, and more' });
  });

  test('a large generation is followed by a new one and deleted', async () => {
    const log = createCommitLog(directory, files, GENERATION_BYTES);

    for (let index = 0; index < 12; index++) await commit(log, 'a', `blob-${index}`);
    await log.close();

    expect(await logsIn(directory)).toEqual([]);
    expect(await stateIn(directory)).toEqual({ a: 'bytes of blob-11' });
  });

  test('a torn last line is an unacknowledged commit', async () => {
    const log = createCommitLog(directory, files);
    await commit(log, 'a', 'blob');
    await log.abandon();
    await fs.appendFile(path.join(directory, 'log.1'), '0123456789abcdef [{"record":{"file":"b.js');

    await recoverCommitLog(directory, files);

    expect(await stateIn(directory)).toEqual({ a: 'bytes of blob' });
  });

  test('a damaged log is not opened', async () => {
    const log = createCommitLog(directory, files);
    await commit(log, 'a', 'blob-1');
    await commit(log, 'a', 'blob-2');
    await log.abandon();
    const file = path.join(directory, 'log.1');
    await fs.writeFile(file, (await fs.readFile(file, 'utf8')).replace('blob-1', 'blob-3'));

    const error: unknown = await recoverCommitLog(directory, files).catch((thrown: unknown) => thrown);

    expect(isAppError(error, 'StorageCorrupt')).toBe(true);
  });

  test('nothing is acknowledged after a generation could not be written to the files', async () => {
    const log = createCommitLog(directory, files, GENERATION_BYTES);
    await fs.rm(path.join(directory, 'objects'), { recursive: true });
    const commits = async () => {
      for (;;)
        await log.append({ record: { file: 'a.json', content: recordOf('a', 'x') }, blobs: new Map() });
    };

    await expect(commits()).rejects.toThrow('ENOENT');
    await expect(log.close()).rejects.toThrow('ENOENT');
  });
});

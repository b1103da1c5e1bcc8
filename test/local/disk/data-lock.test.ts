import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type LockOptions, lockDataDir } from '../../../local/disk/data-lock.ts';
import { startEntry } from '../../support/child-program.ts';
import { tempDir } from '../../support/temp-dir.ts';

const HOLDER = new URL('./lock-holder.ts', import.meta.url).pathname;
const IN_USE = { code: 'ConfigInvalid', message: expect.stringContaining('is in use by another process') };

const lock = async (folder: string, options: Partial<LockOptions> = {}) => {
  const unlock = await lockDataDir(folder, { onLost: () => {}, ...options });
  onTestFinished(unlock);
  return unlock;
};

/** A process that holds the lock, with an own temporary folder, as in another container. */
const startHolder = async (folder: string) => {
  const holder = startEntry(HOLDER, { TMPDIR: await tempDir() }, folder);
  await holder.said(/locked/);
  return holder;
};

test('a data folder is refused to a process with another temporary folder, until the first one is killed', async () => {
  const folder = await tempDir();
  const holder = await startHolder(folder);

  const refused = lockDataDir(folder, { onLost: () => {} });

  await expect(refused).rejects.toMatchObject(IN_USE);
  holder.process.kill('SIGKILL');
  await holder.ended();
  await lock(folder);
});

test('a data folder whose process is stopped by a signal is refused', async () => {
  const folder = await tempDir();
  const holder = await startHolder(folder);
  holder.process.kill('SIGSTOP');
  onTestFinished(() => void holder.process.kill('SIGCONT'));

  const refused = lockDataDir(folder, { onLost: () => {} });

  await expect(refused).rejects.toMatchObject(IN_USE);
});

test('one of many that want a data folder at the same time gets it, also if a killed one left its lock', async () => {
  const folder = await tempDir();
  const killed = await startHolder(folder);
  killed.process.kill('SIGKILL');
  await killed.ended();

  const results = await Promise.allSettled(
    Array.from({ length: 12 }, () => lockDataDir(folder, { onLost: () => {} })),
  );

  const winners = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  expect(winners).toHaveLength(1);
  expect(errors).toEqual(Array.from({ length: 11 }, () => expect.objectContaining(IN_USE)));
  await winners[0]!();
});

test('a data folder with a long path and one that a link names are locked', async () => {
  const folder = path.join(await tempDir(), 'long'.repeat(40));
  await fs.mkdir(folder);
  const link = path.join(await tempDir(), 'link');
  await fs.symlink(folder, link);
  await lock(folder);

  const refused = lockDataDir(link, { onLost: () => {} });

  await expect(refused).rejects.toMatchObject(IN_USE);
});

test('a lock that somebody deleted is made again', async () => {
  const folder = await tempDir();
  await lock(folder, { checkEveryMs: 5 });
  const [before = ''] = await locksIn(folder);
  await fs.rm(path.join(folder, before));

  await vi.waitFor(async () => expect(await locksIn(folder)).toHaveLength(1), { timeout: 5000 });

  expect(await locksIn(folder)).not.toEqual([before]);
  await expect(lockDataDir(folder, { onLost: () => {} })).rejects.toMatchObject(IN_USE);
});

test('a process is told when another one has its data folder because the lock was deleted', async () => {
  const folder = await tempDir();
  const onLost = vi.fn();
  await lock(folder, { checkEveryMs: 300, onLost });
  for (const name of await locksIn(folder)) await fs.rm(path.join(folder, name));

  await lock(folder);

  await vi.waitFor(() => expect(onLost).toHaveBeenCalledWith(expect.objectContaining(IN_USE)), {
    timeout: 5000,
  });
});

test('nothing is left of a lock that was released', async () => {
  const folder = await tempDir();
  const unlock = await lock(folder);

  await unlock();

  expect(await fs.readdir(folder)).toEqual([]);
});

const locksIn = async (folder: string) =>
  (await fs.readdir(folder)).filter((name) => name.startsWith('lock-'));

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDataFolder } from '../../../local/disk/data-folder.ts';
import { createDurableFiles } from '../../../local/disk/durable-files.ts';
import { openLog } from '../../../local/disk/log.ts';
import { tempDir } from '../../support/temp-dir.ts';

async function open() {
  const dataDir = await tempDir();
  const folder = join(dataDir, 'log');
  const data = openDataFolder(dataDir, 'start', () => {});
  const openAgain = async () => {
    const texts: string[] = [];
    const log = await openLog({
      folder,
      files: createDurableFiles(true),
      data,
      apply: ({ text }) => texts.push(text),
    });
    return { log, texts };
  };
  return { ...(await openAgain()), openAgain };
}

test('an entry whose text cannot be made is rejected alone', async () => {
  const { log, openAgain } = await open();
  const unmade = () => {
    throw new Error('no text');
  };

  const results = await Promise.allSettled([
    log.append({ text: 'first' }),
    log.append({ text: unmade }),
    log.append({ text: 'second' }),
  ]);
  await log.append({ text: 'third' });
  await log.close();

  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  const { log: again, texts } = await openAgain();
  expect(texts).toEqual(['first', 'second', 'third']);
  await again.close();
});

test('bytes of an entry are read where its text was told that they are', async () => {
  const { log, openAgain } = await open();
  let at = { file: 0, offset: 0 };
  const text = (address: typeof at) => {
    at = address;
    return 'text';
  };
  await log.append({ text: 'before' });
  await log.append({ text, bytes: Buffer.from('bytes') });
  await log.close();

  const { log: again } = await openAgain();

  expect((await again.read(at, 5)).toString()).toBe('bytes');
  await again.close();
});

test('a note that nobody waits for is written by the close', async () => {
  const { log, openAgain } = await open();
  log.note('note');

  await log.close();

  const { log: again, texts } = await openAgain();
  expect(texts).toEqual(['note']);
  await again.close();
});

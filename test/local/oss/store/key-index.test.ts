import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDurableFiles } from '../../../../local/disk/durable-files.ts';
import { openKeyIndex } from '../../../../local/oss/store/index/key-index.ts';
import { compareKeys } from '../../../../local/oss/store/key-order.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const files = createDurableFiles(false);
const open = (folder: string) => openKeyIndex<number>({ folder, files, weigh: ([key]) => key.length });

/** Few keys, so that values are replaced and deleted often; some differ in their UTF-8 and UTF-16 order. */
const key = fc.constantFrom('a', 'a/b', 'b', 'é', '\uffee', '\u{1f600}', ...'cdefgh');
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ set: key, value: fc.option(fc.string(), { nil: undefined }) }) },
  { weight: 1, arbitrary: fc.constant('flush' as const) },
  { weight: 1, arbitrary: fc.constant('reopen' as const) },
);

test('an index holds what a sorted map would hold, whatever is set, deleted, flushed and opened again', async () => {
  const folder = await tempDir();
  let number = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), key, async (steps, start) => {
      const own = join(folder, String(number++));
      const model = new Map<string, string>();
      let index = await open(own);

      for (const each of steps) {
        if (each === 'flush') await index.flush(model.size);
        else if (each === 'reopen') {
          await index.flush(model.size);
          index.close();
          index = await open(own);
          expect(index.meta).toBe(model.size);
        } else {
          index.set(each.set, each.value);
          if (each.value === undefined) model.delete(each.set);
          else model.set(each.set, each.value);
        }
      }

      const expected = [...model].sort(([left], [right]) => compareKeys(left, right));
      expect([...index.from('')]).toEqual(expected);
      expect([...index.from(start)]).toEqual(expected.filter(([each]) => compareKeys(each, start) >= 0));
      expect(index.get(start)).toBe(model.get(start));
      index.close();
    }),
    { numRuns: 60 },
  );
});

test('entries of many blocks are found and listed in order', async () => {
  const index = await open(await tempDir());
  const keyOf = (entry: number) => `key-${String(entry).padStart(6, '0')}`;
  for (let entry = 0; entry < 20_000; entry++) index.set(keyOf(entry), `value ${entry}`);

  await index.flush(0);

  expect(index.get(keyOf(12_345))).toBe('value 12345');
  expect(index.get('key-0123456')).toBeUndefined();
  expect([...index.from(keyOf(19_998))]).toEqual([
    [keyOf(19_998), 'value 19998'],
    [keyOf(19_999), 'value 19999'],
  ]);
  index.close();
});

test('an index is not opened after any one bit of it flipped, nor without one of its files', async () => {
  const folder = await tempDir();
  const index = await open(folder);
  for (let entry = 0; entry < 300; entry++) index.set(`key-${entry}`, 'x'.repeat(50));
  await index.flush(1);
  index.close();
  const corrupt = expect.objectContaining({ code: 'StorageCorrupt' });

  for (const name of await fs.readdir(folder)) {
    const file = join(folder, name);
    const sound = await fs.readFile(file);
    for (let place = 0; place < 40; place++) {
      const offset = Math.floor((place / 40) * sound.length);
      const flipped = Buffer.from(sound);
      flipped[offset]! ^= 1 << (place % 8);
      await fs.writeFile(file, flipped);

      const error: unknown = await open(folder).catch((thrown: unknown) => thrown);

      expect(error, `${name} ${offset}`).toEqual(corrupt);
    }
    await fs.rm(file);
    expect(await open(folder).catch((thrown: unknown) => thrown), name).toEqual(corrupt);
    await fs.writeFile(file, sound);
  }
});

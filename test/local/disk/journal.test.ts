import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Journal, openJournal } from '../../../local/disk/journal.ts';

/** A journal of numbered texts whose state is a map of them. */
interface Note {
  readonly id: number;
  readonly text: string | undefined;
}

describe('the journal', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'journal-'));
    path = join(folder, 'journal');
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function open(compactAtBytes?: number) {
    const notes = new Map<number, string>();
    const apply = ({ id, text }: Note) => {
      if (text === undefined) notes.delete(id);
      else notes.set(id, text);
    };
    const journal: Journal<Note> = await openJournal<Note>({
      path,
      apply,
      snapshot: () => [...notes].map(([id, text]) => ({ id, text })),
      compactAtBytes,
    });
    return {
      notes,
      write(records: Note[]) {
        records.forEach(apply);
        return journal.append(records);
      },
      close: () => journal.close(),
    };
  }

  test('a journal returns its records in order after it is opened again', async () => {
    const first = await open();
    await first.write([{ id: 1, text: 'one\nline\u2028é' }]);
    await Promise.all([
      first.write([{ id: 2, text: 'two' }]),
      first.write([{ id: 2, text: 'two, again' }]),
      first.write([{ id: 1, text: undefined }]),
    ]);
    await first.close();

    const second = await open();

    expect([...second.notes]).toEqual([[2, 'two, again']]);
    await second.close();
  });

  test('records that wait at the same time share one write', async () => {
    const journal = await open();

    await Promise.all(Array.from({ length: 100 }, (_, id) => journal.write([{ id, text: 'x' }])));

    expect((await readFile(path, 'utf8')).trimEnd().split('\n')).toHaveLength(1);
    await journal.close();
  });

  test('wherever a crash cuts the file, every complete commit survives and no part of a torn one', async () => {
    const journal = await open();
    const ends = [0];
    for (let id = 1; id <= 4; id++) {
      await journal.write([
        { id, text: `text ${id}` },
        { id: -id, text: 'its companion' },
      ]);
      ends.push((await stat(path)).size);
    }
    await journal.close();
    const whole = await readFile(path);

    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: whole.length }),
        fc.uint8Array({ maxLength: 40 }),
        async (cut, garbage) => {
          await writeFile(path, whole.subarray(0, cut));
          // What a crash leaves behind the cut is anything but a whole line.
          await appendFile(
            path,
            garbage.filter((byte) => byte !== 10),
          );
          const reopened = await open();
          const kept = ends.filter((end) => end <= cut).length - 1;
          expect([...reopened.notes.keys()]).toEqual(
            Array.from({ length: kept }, (_, index) => [index + 1, -index - 1]).flat(),
          );
          await reopened.write([{ id: 99, text: 'after the tear' }]);
          await reopened.close();
          const again = await open();
          expect(again.notes.get(99)).toBe('after the tear');
          expect(again.notes.size).toBe(2 * kept + 1);
          await again.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a journal that is damaged before its end is not opened', async () => {
    const journal = await open();
    await journal.write([{ id: 1, text: 'first' }]);
    await journal.write([{ id: 2, text: 'second' }]);
    await journal.close();
    const bytes = await readFile(path);
    bytes[bytes.indexOf('first')] = 0x46;
    await writeFile(path, bytes);

    const opening = open();

    await expect(opening).rejects.toMatchObject({ code: 'StorageCorrupt', details: { offset: 0 } });
  });

  test('a large journal is rewritten without loss', async () => {
    const journal = await open(2000);
    let largest = 0;
    for (let id = 0; id < 500; id++) {
      await journal.write([
        { id, text: 'a text of some length' },
        ...(id >= 5 ? [{ id: id - 5, text: undefined }] : []),
      ]);
      largest = Math.max(largest, (await stat(path)).size);
    }
    await journal.close();

    const reopened = await open();

    expect([...reopened.notes.keys()]).toEqual([495, 496, 497, 498, 499]);
    expect(largest).toBeLessThan(3000);
    await reopened.close();
  });

  test('records that are appended during a rewrite survive', async () => {
    const journal = await open(1000);

    await Promise.all(
      Array.from({ length: 50 }, async (_, writer) => {
        for (let n = 0; n < 20; n++) await journal.write([{ id: writer * 100 + n, text: 'text' }]);
      }),
    );
    await journal.close();

    const reopened = await open();
    expect(reopened.notes.size).toBe(1000);
    await reopened.close();
  });

  test('an unfinished rewrite that a crash left is ignored', async () => {
    const journal = await open();
    await journal.write([{ id: 1, text: 'kept' }]);
    await journal.close();
    await writeFile(`${path}.new`, 'half a snapshot');

    const reopened = await open();

    expect([...reopened.notes]).toEqual([[1, 'kept']]);
    await reopened.close();
  });

  test('a closed journal acknowledges nothing', async () => {
    const journal = await open();
    await journal.close();

    await expect(journal.write([{ id: 1, text: 'late' }])).rejects.toMatchObject({ code: 'JournalFailed' });
  });
});

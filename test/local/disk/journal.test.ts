import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Damage, type DamagePolicy, openDataFolder } from '../../../local/disk/data-folder.ts';
import { checkJournal, type Journal, openJournal } from '../../../local/disk/journal.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** A journal of numbered texts whose state is a map of them. */
interface Note {
  readonly id: number;
  readonly text?: string;
}

describe('the journal', () => {
  let dataDir: string;
  let folder: string;
  let fileV1: string;
  beforeEach(async () => {
    dataDir = await tempDir();
    folder = join(dataDir, 'notes', 'log');
    fileV1 = join(dataDir, 'notes', 'journal');
  });

  async function open({
    compactAtBytes,
    policy = 'start',
  }: {
    compactAtBytes?: number;
    policy?: DamagePolicy;
  } = {}) {
    const notes = new Map<number, string>();
    const damage: Damage[] = [];
    const apply = ({ id, text }: Note) => {
      if (text === undefined) notes.delete(id);
      else notes.set(id, text);
    };
    const journal: Journal<Note> = await openJournal<Note>({
      folder,
      fileV1,
      data: openDataFolder(dataDir, policy, (found) => damage.push(found)),
      apply,
      snapshot: () => [...notes].map(([id, text]) => ({ id, text })),
      compactAtBytes,
    });
    return {
      notes,
      damage,
      write(records: Note[]) {
        records.forEach(apply);
        return journal.append(records);
      },
      close: () => journal.close(),
    };
  }

  const logs = async () => (await fs.readdir(folder)).filter((name) => name.endsWith('.log')).sort();
  const newest = async () => join(folder, (await logs()).at(-1)!);
  const sizeOfAll = async () => {
    let size = 0;
    for (const name of await logs()) size += (await fs.stat(join(folder, name))).size;
    return size;
  };

  /** Writes texts 1 to `count`, one commit each, and returns where the commits end in the file. */
  async function writeNotes(count: number): Promise<{ file: string; ends: number[] }> {
    const journal = await open();
    const ends: number[] = [];
    for (let id = 1; id <= count; id++) {
      await journal.write([{ id, text: `text ${id}` }]);
      ends.push((await fs.stat(await newest())).size);
    }
    await journal.close();
    return { file: await newest(), ends };
  }

  async function flip(file: string, offset: number): Promise<void> {
    const bytes = await fs.readFile(file);
    bytes[offset]! ^= 1;
    await fs.writeFile(file, bytes);
  }

  test('a journal returns its records in order after it is opened again', async () => {
    const first = await open();
    await first.write([{ id: 1, text: 'one\nline\u2028é' }]);
    await Promise.all([
      first.write([{ id: 2, text: 'two' }]),
      first.write([{ id: 2, text: 'two, again' }]),
      first.write([{ id: 1 }]),
    ]);
    await first.close();

    const second = await open();

    expect([...second.notes]).toEqual([[2, 'two, again']]);
    expect(second.damage).toEqual([]);
    await second.close();
  });

  test('only the owner can read the files of a journal', async () => {
    await writeNotes(1);

    const modes = await Promise.all(
      [folder, join(folder, 'end'), await newest()].map(async (path) => (await fs.stat(path)).mode & 0o777),
    );

    expect(modes).toEqual([0o700, 0o600, 0o600]);
  });

  test('each process writes a file of its own', async () => {
    await writeNotes(1);
    const both = [await open(), await open()];

    await Promise.all(both.map((journal, index) => journal.write([{ id: 10 + index, text: 'x' }])));

    for (const journal of both) await journal.close();
    const after = await open();
    expect([...after.notes.keys()].sort()).toEqual([1, 10, 11]);
    await after.close();
  });

  test('wherever a journal is cut off, complete commits survive and the number of lost ones is reported', async () => {
    const { file, ends } = await writeNotes(4);
    const whole = await fs.readFile(file);
    const end = await fs.readFile(join(folder, 'end'));

    await fc.assert(
      fc.asyncProperty(fc.nat({ max: whole.length - 1 }), async (cut) => {
        await fs.writeFile(file, whole.subarray(0, cut));
        await fs.writeFile(join(folder, 'end'), end);
        const kept = ends.filter((each) => each <= cut).length;

        const reopened = await open();
        const { notes, damage } = reopened;
        await reopened.write([{ id: 99, text: 'after the cut' }]);
        await reopened.close();
        const again = await open();

        expect([...notes.keys()].filter((id) => id < 99)).toEqual(
          Array.from({ length: kept }, (_, index) => index + 1),
        );
        expect(damage).toMatchObject([{ what: 'notes/log/00000001.log', lost: 4 - kept }]);
        expect(again.notes.size).toBe(kept + 1);
        expect(again.damage).toEqual([]);
        await again.close();
        await fs.rm(join(folder, '00000002.log'));
      }),
      { numRuns: 60 },
    );
  });

  test('wherever a bit flips, a start either names what is lost or fails', async () => {
    const { file } = await writeNotes(4);
    const whole = await fs.readFile(file);
    const end = await fs.readFile(join(folder, 'end'));

    await fc.assert(
      fc.asyncProperty(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 7 }), async (offset, bit) => {
        const flipped = Buffer.from(whole);
        flipped[offset]! ^= 1 << bit;
        await fs.writeFile(file, flipped);
        await fs.writeFile(join(folder, 'end'), end);

        const outcome = await open().catch((error) => error);

        if (outcome instanceof Error) {
          expect(outcome).toMatchObject({ code: 'StorageCorrupt', details: { lost: 1 } });
        } else {
          await outcome.close();
          expect([...outcome.notes.keys()]).toEqual([1, 2, 3]);
          expect(outcome.damage).toMatchObject([{ what: 'notes/log/00000001.log', lost: 1 }]);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('a lost end of a journal is kept aside', async () => {
    const { file, ends } = await writeNotes(2);
    await flip(file, ends[0]! + 40);
    const damagedFrame = (await fs.readFile(file)).subarray(ends[0]);

    const { damage, close } = await open();
    await close();

    expect(damage[0]!.remedy).toContain('set-aside/notes-log-00000001.log@');
    const [copy] = await fs.readdir(join(dataDir, 'set-aside'));
    expect(await fs.readFile(join(dataDir, 'set-aside', copy!))).toEqual(damagedFrame);
  });

  test('a write that a crash interrupted was never acknowledged and is no damage', async () => {
    const { file, ends } = await writeNotes(2);
    const whole = await fs.readFile(file);
    await fs.appendFile(file, whole.subarray(0, 50));

    const { notes, damage, close } = await open();
    await close();

    expect(notes.size).toBe(2);
    expect(damage).toEqual([]);
    expect((await fs.stat(file)).size).toBe(ends.at(-1));
  });

  test('a journal that is damaged before its end is opened only after a repair', async () => {
    const { file, ends } = await writeNotes(4);
    await flip(file, ends[0]! + 40);
    const opening = open();
    await expect(opening).rejects.toMatchObject({
      code: 'StorageCorrupt',
      message: `notes/log/00000001.log is damaged at byte ${ends[0]}`,
    });

    const repaired = await open({ policy: 'repair' });
    await repaired.close();
    const after = await open();

    expect(repaired.damage).toMatchObject([{ offset: ends[0], lost: 1 }]);
    expect([...after.notes.keys()]).toEqual([1, 3, 4]);
    expect(after.damage).toEqual([]);
    await after.close();
  });

  test('a missing file of a journal is named', async () => {
    for (let id = 1; id <= 3; id++) {
      const journal = await open();
      await journal.write([{ id, text: 'x' }]);
      await journal.close();
    }
    await fs.rm(join(folder, '00000002.log'));

    await expect(open()).rejects.toThrow('notes/log/00000002.log is missing');
    const repaired = await open({ policy: 'repair' });
    await repaired.close();
    const after = await open();

    expect(repaired.damage).toMatchObject([{ lost: 1 }]);
    expect([...after.notes.keys()]).toEqual([1, 3]);
    expect(after.damage).toEqual([]);
    await after.close();
  });

  test('the missing last file of a journal is reported with the number of its entries', async () => {
    await writeNotes(2);
    const journal = await open();
    await journal.write([{ id: 3, text: 'x' }]);
    await journal.close();
    await fs.rm(join(folder, '00000002.log'));

    const { notes, damage, close } = await open();
    await close();

    expect([...notes.keys()]).toEqual([1, 2]);
    expect(damage).toMatchObject([{ what: 'notes/log/00000002.log', problem: 'is missing', lost: 1 }]);
  });

  test.each([
    ['missing', (file: string) => fs.rm(file)],
    ['damaged', (file: string) => flip(file, 3)],
  ])('a witness that is %s is named and written again', async (_, damageIt) => {
    await writeNotes(2);
    await damageIt(join(folder, 'end'));

    const first = await open();
    await first.close();
    const second = await open();

    expect(first.damage).toMatchObject([{ what: 'notes/log/end' }]);
    expect(first.notes.size).toBe(2);
    expect(second.damage).toEqual([]);
    await second.close();
  });

  test('a verification reports damage and changes nothing', async () => {
    const { file, ends } = await writeNotes(3);
    await flip(file, ends[0]! + 40);
    const before = await fs.readFile(file);
    const damage: Damage[] = [];

    await checkJournal(
      { folder, fileV1 },
      openDataFolder(dataDir, 'verify', (found) => damage.push(found)),
    );

    expect(damage).toMatchObject([{ offset: ends[0], bytes: ends[1]! - ends[0]!, lost: 1 }]);
    expect(await fs.readFile(file)).toEqual(before);
  });

  test('a large journal is rewritten without loss', async () => {
    const journal = await open({ compactAtBytes: 2000 });
    let largest = 0;
    for (let id = 0; id < 500; id++) {
      await journal.write([{ id, text: 'a text of some length' }, ...(id >= 5 ? [{ id: id - 5 }] : [])]);
      largest = Math.max(largest, await sizeOfAll());
    }
    await journal.close();

    const reopened = await open();

    expect([...reopened.notes.keys()]).toEqual([495, 496, 497, 498, 499]);
    expect(largest).toBeLessThan(3000);
    expect(reopened.damage).toEqual([]);
    await reopened.close();
  });

  test('records that are appended during a rewrite survive', async () => {
    const journal = await open({ compactAtBytes: 1000 });

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

  test('what a crash left of a rewrite is ignored', async () => {
    const journal = await open();
    await journal.write([{ id: 1, text: 'old' }]);
    await journal.close();
    const old = await fs.readFile(await newest());
    const compacted = await open({ compactAtBytes: 1 });
    await compacted.write([{ id: 1, text: 'new' }]);
    await compacted.close();
    await fs.writeFile(join(folder, '00000001.log'), old);
    await fs.writeFile(join(folder, '00000003.log.new'), 'half a snapshot');

    const reopened = await open();

    expect([...reopened.notes]).toEqual([[1, 'new']]);
    expect(reopened.damage).toEqual([]);
    await reopened.close();
  });

  test('many starts leave few files', async () => {
    for (let id = 1; id <= 40; id++) {
      const journal = await open();
      await journal.write([{ id, text: 'x' }]);
      await journal.close();
    }

    expect((await logs()).length).toBeLessThan(20);
    const reopened = await open();
    expect(reopened.notes.size).toBe(40);
    await reopened.close();
  });

  test('a closed journal acknowledges nothing', async () => {
    const journal = await open();
    await journal.close();

    await expect(journal.write([{ id: 1, text: 'late' }])).rejects.toMatchObject({ code: 'JournalFailed' });
  });

  describe('of version 0.1', () => {
    const line = (records: Note[]) => {
      const payload = JSON.stringify(records);
      return `${createHash('sha256').update(payload).digest('hex').slice(0, 16)} ${payload}\n`;
    };
    const LINES = [1, 2, 3].map((id) => line([{ id, text: `text ${id}` }]));
    const writeV1 = async (content: string) => {
      await fs.mkdir(join(dataDir, 'notes'), { recursive: true });
      await fs.writeFile(fileV1, content);
    };

    test('a journal of version 0.1 is taken over', async () => {
      await writeV1(LINES.join(''));

      const first = await open();
      await first.close();
      const second = await open();

      expect([...second.notes.keys()]).toEqual([1, 2, 3]);
      expect(first.damage).toEqual([]);
      expect(await fs.readdir(join(dataDir, 'notes'))).toEqual(['log']);
      await second.close();
    });

    test('the torn end of a journal of version 0.1 is reported and kept aside', async () => {
      await writeV1(LINES.join('').slice(0, -5));

      const { notes, damage, close } = await open();
      await close();

      expect([...notes.keys()]).toEqual([1, 2]);
      expect(damage).toMatchObject([{ what: 'notes/journal', offset: LINES[0]!.length * 2 }]);
      expect(await fs.readdir(join(dataDir, 'set-aside'))).toEqual(['notes-journal']);
    });

    test('a journal of version 0.1 that is damaged before its end is taken over by a repair only', async () => {
      await writeV1(LINES.join('').replace('text 2', 'text 7'));
      await expect(open()).rejects.toMatchObject({ code: 'StorageCorrupt' });

      const { notes, damage, close } = await open({ policy: 'repair' });
      await close();

      expect([...notes.keys()]).toEqual([1, 3]);
      expect(damage).toMatchObject([{ what: 'notes/journal', offset: LINES[0]!.length }]);
    });
  });
});

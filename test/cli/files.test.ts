import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expandFiles, samplePhotos } from '../../cli/files.ts';
import { tempDir } from '../support/temp-dir.ts';

async function aFolder(...names: string[]): Promise<string> {
  const folder = await tempDir();
  for (const name of names) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), 'x');
  }
  return folder;
}

test('expandFiles takes the images of a folder, named by their path in it', async () => {
  const folder = await aFolder('b.PNG', 'sub/a.jpg', 'notes.txt');

  const files = await expandFiles([folder]);

  expect(files.map(({ name }) => name)).toEqual(['b.PNG', 'sub/a.jpg']);
});

test('expandFiles takes a named file with any ending', async () => {
  const folder = await aFolder('notes.txt');

  const files = await expandFiles([join(folder, 'notes.txt')]);

  expect(files).toEqual([{ path: join(folder, 'notes.txt'), name: 'notes.txt' }]);
});

test('expandFiles refuses two files that would get the same name, and names both', async () => {
  const folder = await aFolder('a/me.jpg', 'b/me.jpg');

  const expanding = expandFiles([join(folder, 'a/me.jpg'), join(folder, 'b/me.jpg')]);

  await expect(expanding).rejects.toMatchObject({
    code: 'ConfigInvalid',
    message: /a\/me\.jpg and .*b\/me\.jpg/,
  });
});

test('expandFiles refuses a path that does not exist', async () => {
  await expect(expandFiles(['nowhere.jpg'])).rejects.toMatchObject({ code: 'ConfigInvalid' });
});

test('samplePhotos finds six photos', async () => {
  expect((await samplePhotos()).map(({ name }) => name)).toEqual(
    [1, 2, 3, 4, 5, 6].map((n) => `sample${n}.jpg`),
  );
});

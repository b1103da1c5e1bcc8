import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
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

it('takes the images of a folder by their path below it', async () => {
  const folder = await aFolder('b.PNG', 'sub/a.jpg', 'notes.txt');

  const files = await expandFiles([folder]);

  expect(files.map(({ name }) => name)).toEqual(['b.PNG', 'sub/a.jpg']);
});

it('takes a file that is named, whatever its ending', async () => {
  const folder = await aFolder('notes.txt');

  const files = await expandFiles([join(folder, 'notes.txt')]);

  expect(files).toEqual([{ path: join(folder, 'notes.txt'), name: 'notes.txt' }]);
});

it('refuses two files that would get one name, and names both', async () => {
  const folder = await aFolder('a/me.jpg', 'b/me.jpg');

  const expanding = expandFiles([join(folder, 'a/me.jpg'), join(folder, 'b/me.jpg')]);

  await expect(expanding).rejects.toMatchObject({
    code: 'ConfigInvalid',
    message: /a\/me\.jpg and .*b\/me\.jpg/,
  });
});

it('refuses what does not exist', async () => {
  await expect(expandFiles(['nowhere.jpg'])).rejects.toMatchObject({ code: 'ConfigInvalid' });
});

it('finds six sample photos', async () => {
  expect((await samplePhotos()).map(({ name }) => name)).toEqual(
    [1, 2, 3, 4, 5, 6].map((n) => `sample${n}.jpg`),
  );
});

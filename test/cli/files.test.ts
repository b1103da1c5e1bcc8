import { once } from 'node:events';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { describeLeftOut, expandFiles, samplePhotos } from '../../cli/files.ts';
import { blankPng } from '../support/blank-png.ts';
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

  const { files, leftOut } = await expandFiles([folder]);

  expect(leftOut).toEqual([{ path: join(folder, 'notes.txt'), reason: 'it is not an image' }]);
  expect(files.map(({ name }) => name)).toEqual(['b.PNG', 'sub/a.jpg']);
});

test('expandFiles takes a named file with any ending', async () => {
  const folder = await aFolder('notes.txt');

  const { files } = await expandFiles([join(folder, 'notes.txt')]);

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

test('expandFiles takes images by their content where the name says nothing, and tells what it leaves out', async () => {
  const folder = await tempDir();
  const png = await blankPng();
  for (const name of ['IMG_0002', 'scan.jfif.part']) await writeFile(join(folder, name), png);
  await writeFile(join(folder, 'IMG_0001.HEIC'), '\0\0\0\x18ftypheic\0\0\0\0mif1heic');
  await writeFile(join(folder, 'scan.bmp'), 'BM000');
  await symlink(join(folder, 'IMG_0002'), join(folder, 'link.png'));
  const socket = createServer().listen(join(folder, 'socket.png'));
  onTestFinished(() => void socket.close());
  await once(socket, 'listening');

  const { files, leftOut } = await expandFiles([folder]);

  expect(files.map(({ name }) => name)).toEqual(['IMG_0002', 'scan.jfif.part']);
  expect(leftOut).toEqual([
    { path: join(folder, 'IMG_0001.HEIC'), reason: 'heic is not accepted' },
    { path: join(folder, 'link.png'), reason: 'it is a symbolic link' },
    { path: join(folder, 'scan.bmp'), reason: 'bmp is not accepted' },
    { path: join(folder, 'socket.png'), reason: 'it is not a file' },
  ]);
});

test('expandFiles fails when nothing is taken, and says why for each file', async () => {
  const folder = await aFolder('notes.txt');

  const expanding = expandFiles([folder]);

  await expect(expanding).rejects.toMatchObject({
    code: 'ConfigInvalid',
    message: `there is no image in ${folder}\nleft out ${join(folder, 'notes.txt')}: it is not an image`,
  });
  await expect(expandFiles([await tempDir()])).rejects.toMatchObject({ code: 'ConfigInvalid' });
});

test('a name that is not UTF-8 concerns its file or folder alone, also on the command line', async () => {
  const folder = await aFolder('good.png');
  const odd = Buffer.concat([Buffer.from(`${folder}/b`), Buffer.from([0xe9]), Buffer.from('d.png')]);
  await writeFile(odd, 'x');
  await mkdir(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff])]));

  const ofFolder = await expandFiles([folder]);
  const named = await expandFiles([join(folder, 'good.png'), odd.toString()]);

  const reason = 'its name is not UTF-8';
  expect(ofFolder.files.map(({ name }) => name)).toEqual(['good.png']);
  expect(ofFolder.leftOut).toEqual([
    { path: join(folder, 'b\ufffdd.png'), reason },
    { path: join(folder, '\ufffd'), reason },
  ]);
  expect(named).toEqual({ files: ofFolder.files, leftOut: [{ path: odd.toString(), reason }] });
});

test('expandFiles leaves out a file whose key would be too long for OSS', async () => {
  const folder = await aFolder('good.png', `${'a'.repeat(200)}/${'b'.repeat(200)}.png`);

  const { files, leftOut } = await expandFiles([folder], { prefix: 'c'.repeat(700) });

  expect(files.map(({ name }) => name)).toEqual(['good.png']);
  expect(leftOut).toMatchObject([{ reason: 'its key would have 1105 bytes, OSS accepts 1023' }]);
});

test.skipIf(process.getuid?.() === 0)('expandFiles leaves out a file that cannot be read', async () => {
  const folder = await aFolder('good.png', 'secret.png');
  await chmod(join(folder, 'secret.png'), 0);

  const { leftOut } = await expandFiles([folder]);

  expect(leftOut).toMatchObject([{ reason: 'it cannot be read: EACCES' }]);
});

test('describeLeftOut names twenty files and counts the others', () => {
  const leftOut = Array.from({ length: 23 }, (_, i) => ({ path: `${i}.txt`, reason: 'it is not an image' }));

  const lines = describeLeftOut(leftOut);

  expect(lines).toHaveLength(21);
  expect([lines[0], lines[20]]).toEqual(['left out 0.txt: it is not an image', 'left out 3 more']);
});

test('samplePhotos finds six photos', async () => {
  expect((await samplePhotos()).map(({ name }) => name)).toEqual(
    [1, 2, 3, 4, 5, 6].map((n) => `sample${n}.jpg`),
  );
});

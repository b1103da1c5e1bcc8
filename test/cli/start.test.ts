import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, onTestFinished, test } from 'vitest';
import { samplePhotos } from '../../cli/files.ts';
import { blankPng } from '../support/blank-png.ts';
import { runProgram } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';

const start = (dataDir: string, ...more: string[]) => startWith({}, dataDir, ...more);

const startWith = (env: NodeJS.ProcessEnv, dataDir: string, ...more: string[]) =>
  runProgram(['start', '--data-dir', dataDir, '--oss-port', '0', '--mns-port', '0', ...more], env);

/** The cells of the table's row for one photo. */
function rowOf(output: string, name: string): string[] {
  const line = output.split('\n').find((text) => text.startsWith(name));
  return line?.split(/ {2,}/).map((cell) => cell.trim()) ?? [];
}

describe('start --once', () => {
  test('start --once finds 22 of 22 faces in the sample photos, and a second run processes nothing', async () => {
    const dataDir = join(await tempDir(), 'data');

    const first = start(dataDir, '--once');
    expect(await first.ended(), first.output()).toBe(0);
    const second = start(dataDir, '--once');
    expect(await second.ended(), second.output()).toBe(0);

    const photos = await samplePhotos();
    const faces = (output: string) => photos.map(({ name }) => Number(rowOf(output, name)[1]));
    expect(faces(first.output())).toEqual([3, 3, 3, 4, 5, 4]);
    expect(faces(second.output())).toEqual([3, 3, 3, 4, 5, 4]);
    for (const { name } of photos) {
      expect(rowOf(first.output(), name)).toEqual([
        name,
        expect.any(String),
        'processed',
        expect.stringMatching(/^\d+ ms$/),
        `oss://photos/results/incoming/${name}/faces.json`,
      ]);
      expect(rowOf(second.output(), name)[3]).toBe('earlier');
    }
    const log = await readFile(join(dataDir, 'log.jsonl'), 'utf8');
    expect(log.match(/"outcome":"processed"/g)).toHaveLength(6);
  });

  test('start --once with ENGINE=facebody finds the same faces without an account', async () => {
    const dataDir = join(await tempDir(), 'data');
    const env = { ENGINE: 'facebody', FACEBODY_QPS: '1000' };

    const program = startWith(env, dataDir, '--once');
    expect(await program.ended(), program.output()).toBe(0);

    const photos = await samplePhotos();
    expect(photos.map(({ name }) => Number(rowOf(program.output(), name)[1]))).toEqual([3, 3, 3, 4, 5, 4]);
    expect(program.output()).toMatch(/FaceBody at http:\/\/127\.0\.0\.1:\d+/);
  });

  test('start --once exits with 1 and the reason when a file is not an image, and processes the others', async () => {
    const folder = await tempDir();
    await writeFile(join(folder, 'notes.txt'), 'hello');
    await writeFile(join(folder, 'blank.png'), await blankPng());

    const program = start(
      join(folder, 'data'),
      '--once',
      join(folder, 'notes.txt'),
      join(folder, 'blank.png'),
    );

    expect(await program.ended()).toBe(1);
    expect(rowOf(program.output(), 'notes.txt').slice(1, 3)).toEqual(['0', 'invalid']);
    expect(rowOf(program.output(), 'blank.png').slice(1, 3)).toEqual(['0', 'processed']);
    expect(program.output()).toContain('invalid notes.txt: ');
  });

  test('start says what it leaves out of a folder, and fails when nothing is left', async () => {
    const folder = await tempDir();
    await writeFile(join(folder, 'IMG_0001.HEIC'), '\0\0\0\x18ftypheic\0\0\0\0mif1heic');

    const alone = start(join(folder, 'data'), '--once', folder);
    expect(await alone.ended()).toBe(1);
    await writeFile(join(folder, 'blank'), await blankPng());
    const both = start(join(folder, 'data'), '--once', folder);

    expect(await both.ended(), both.output()).toBe(0);
    expect(alone.output()).toMatch(
      /^ConfigInvalid: there is no image in .*\nleft out .*HEIC: heic is not accepted\n/,
    );
    expect(both.output()).toMatch(/^left out .*HEIC: heic is not accepted\n/m);
    expect(rowOf(both.output(), 'blank')[2]).toBe('processed');
  });

  test('start names the setting of a prefix that matches nothing', async () => {
    const program = startWith({ SOURCE_PREFIX: '/incoming/' }, await tempDir(), '--once');

    expect(await program.ended()).toBe(1);
    expect(program.output()).toContain('SOURCE_PREFIX');
  });

  test('start reports a missing file without a stack', async () => {
    const program = start(await tempDir(), '--once', 'nowhere.jpg');

    expect(await program.ended()).toBe(1);
    expect(program.output()).toMatch(/^ConfigInvalid: nowhere\.jpg does not exist\n.*\n$/);
  });
});

describe('start', () => {
  test('start keeps watching, processes uploads of put and of curl, and stops cleanly on SIGTERM', async () => {
    const folder = await tempDir();
    const dataDir = join(folder, 'data');
    const [photo] = await samplePhotos();
    const program = start(dataDir, photo!.path);
    onTestFinished(() => void program.process.kill('SIGKILL'));
    await program.said(/Watching/);

    const put = runProgram(['put', '--data-dir', dataDir, '--prefix', 'incoming/again/', photo!.path]);
    expect(await put.ended(), put.output()).toBe(0);
    await program.said(/incoming\/again\/sample1\.jpg {2}processed .* 3 faces/);

    const sign = runProgram(['sign', '--data-dir', dataDir, '--method', 'PUT', 'incoming/curl.jpg']);
    expect(await sign.ended()).toBe(0);
    const curl = spawn('curl', ['-sS', '--fail', '-T', photo!.path, sign.output().trim()], {
      stdio: 'inherit',
    });
    expect(await once(curl, 'exit')).toEqual([0, null]);
    await program.said(/incoming\/curl\.jpg {2}processed .* 3 faces/);

    const annotated = join(folder, 'annotated.jpg');
    const get = runProgram([
      'get',
      '--data-dir',
      dataDir,
      '--output',
      annotated,
      'results/incoming/curl.jpg/annotated.jpg',
    ]);
    expect(await get.ended(), get.output()).toBe(0);
    expect(await sharp(annotated).metadata()).toMatchObject({ format: 'jpeg', width: 1920 });

    program.process.kill('SIGTERM');
    expect(await program.ended()).toBe(0);
  });

  test('start refuses a data folder that another process uses', async () => {
    const dataDir = await tempDir();
    const first = start(dataDir, await aBlank(dataDir));
    onTestFinished(() => void first.process.kill('SIGKILL'));
    await first.said(/Watching/);

    const second = start(dataDir, '--once');

    expect(await second.ended()).toBe(1);
    expect(second.output()).toContain('in use by another process');
  });
});

async function aBlank(folder: string): Promise<string> {
  const path = join(folder, 'blank.png');
  await writeFile(path, await blankPng());
  return path;
}

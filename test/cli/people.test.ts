import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it, onTestFinished } from 'vitest';
import { samplePhotos } from '../../cli/files.ts';
import { runProgram } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';

it('lists, finds, renames, exports and forgets the people of a running cloud', {
  timeout: 60_000,
}, async () => {
  const folder = await tempDir();
  const dataDir = join(folder, 'data');
  const sample = (await samplePhotos())[0]!.path;
  const portrait = join(folder, 'people/guest/portrait.jpg');
  await mkdir(join(portrait, '..'), { recursive: true });
  const face = { left: 1330, top: 60, width: 560, height: 700 };
  await writeFile(
    portrait,
    await sharp(await readFile(sample))
      .extract(face)
      .jpeg()
      .toBuffer(),
  );
  const start = runProgram(['start', '--data-dir', dataDir, '--oss-port', '0', '--mns-port', '0', portrait]);
  onTestFinished(() => void start.process.kill('SIGKILL'));
  await start.said(/Watching/);
  const run = async (...args: string[]) => {
    const program = runProgram([...args, '--data-dir', dataDir]);
    expect(await program.ended(), program.output()).toBe(0);
    return program.output();
  };

  await run('put', '--prefix', 'people/', join(folder, 'people'));
  await start.said(/people\/guest\/portrait\.jpg {2}enrolled/);
  await run('put', sample);
  await start.said(/incoming\/sample1\.jpg {2}processed/);

  expect(await run('people', 'list')).toBe('guest  1\n');
  expect(await run('people', 'find', 'guest')).toMatch(
    /^oss:\/\/photos\/incoming\/sample1\.jpg {2}face \d {2}0\.\d+\n$/,
  );
  expect(await run('people', 'rename', 'guest', 'visitor')).toContain('photo people/visitor/portrait.jpg');
  expect(await run('people', 'list')).toBe('visitor  1\n');
  expect(JSON.parse(await run('people', 'export'))).toMatchObject({ person: 'visitor', outcome: 'enrolled' });
  expect(await run('people', 'enrol', '--again')).toBe('1 photos: 1 enrolled, 0 unchanged\n');
  const forgotten = await run('people', 'forget', 'visitor');
  expect(forgotten).toMatch(/^faces /m);
  expect(forgotten).toMatch(/^matches results\/incoming\/sample1\.jpg\/faces\.json#\d$/m);
  expect(await run('people', 'forget', 'visitor')).toBe('nothing is left of visitor\n');
});

import { spawn } from 'node:child_process';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { samplePhotos } from '../../cli/files.ts';
import { type ChildProgram, watchProgram } from '../support/child-program.ts';
import { tempDir } from '../support/temp-dir.ts';

const ROOT = new URL('../..', import.meta.url).pathname;

/** Every line of the README's shell blocks. */
async function readmeCommands(): Promise<string[]> {
  const text = await readFile(join(ROOT, 'README.md'), 'utf8');
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1]!);
  return blocks.flatMap((block) => block.trim().split('\n'));
}

/** Runs a line as a reader would, in the project's folder; photos and data lie in a folder of the test. */
function runLine(line: string, folder: string): ChildProgram {
  const command = line.replace(/(?<= )(me\.jpg|holiday\/)/g, `${folder}/$1`);
  const child = spawn('bash', ['-c', command], {
    cwd: ROOT,
    // A group of its own, so that what npm starts can be ended with it.
    detached: true,
    env: {
      ...process.env,
      MNSOSS_DATA_DIR: join(folder, 'data'),
      MNSOSS_OSS_PORT: '0',
      MNSOSS_MNS_PORT: '0',
    },
  });
  return watchProgram(child);
}

test('the commands in the README do what it says', { timeout: 240_000 }, async () => {
  const folder = await tempDir();
  const [first, second] = await samplePhotos();
  await mkdir(join(folder, 'holiday'));
  await copyFile(first!.path, join(folder, 'me.jpg'));
  await copyFile(second!.path, join(folder, 'holiday/beach.jpg'));
  const [install, ...lines] = await readmeCommands();
  const [put, curl, get, enrol, find, forget, onceLine, invoke, test, ...rest] = lines;
  // These two are what runs this very test on a clean clone.
  expect(install).toBe('npm install && npm start');
  expect(test).toBe('npm install && npm test');
  expect(await readFile(join(ROOT, '.ci/run'), 'utf8')).toContain(`\n${test}\n`);
  expect(rest).toEqual([]);

  const start = runLine('npm start', folder);
  onTestFinished(() => {
    if (start.process.exitCode === null && start.process.signalCode === null)
      process.kill(-start.process.pid!, 'SIGKILL');
  });
  await expect.poll(start.output, { timeout: 60_000 }).toContain('Watching');
  expect(start.output()).toMatch(/sample1\.jpg +3 +processed/);

  expect(put).toBe('npx mnsoss-face put me.jpg');
  expect(await runLine(put!, folder).ended()).toBe(0);
  await expect.poll(start.output, { timeout: 20_000 }).toMatch(/incoming\/me\.jpg {2}processed/);

  expect(curl).toContain('curl -T me.jpg');
  const curled = runLine(curl!, folder);
  expect(await curled.ended(), curled.output()).toBe(0);
  await expect
    .poll(() => start.output().match(/incoming\/me\.jpg {2}processed/g), { timeout: 20_000 })
    .toHaveLength(2);

  const got = runLine(`cd ${folder} && ${get!.replace('npx', `npx --prefix ${ROOT}`)}`, folder);
  expect(await got.ended(), got.output()).toBe(0);
  expect((await readFile(join(folder, 'annotated.jpg'))).subarray(0, 3)).toEqual(
    Buffer.from([0xff, 0xd8, 0xff]),
  );

  // Three faces are no portrait: the photo is refused, so nobody is found and nothing is left to forget.
  expect(enrol).toBe('npx mnsoss-face put --prefix people/guest/ me.jpg');
  expect(await runLine(enrol!, folder).ended()).toBe(0);
  await expect.poll(start.output, { timeout: 20_000 }).toMatch(/people\/guest\/me\.jpg {2}refused/);
  for (const line of [find!, forget!]) {
    const done = runLine(line, folder);
    expect(await done.ended(), done.output()).toBe(0);
  }

  process.kill(-start.process.pid!, 'SIGTERM');
  await start.ended();

  expect(onceLine).toBe('npm start -- --once holiday/ me.jpg');
  const done = runLine(onceLine!, folder);
  expect(await done.ended(), done.output()).toBe(0);
  expect(done.output()).toMatch(/beach\.jpg +3 +processed/);
  expect(done.output()).toMatch(/me\.jpg +3 +processed +earlier/);

  expect(invoke).toBe('npm run invoke -- face-recognition events/oss-put-object.json');
  const invoked = runLine(invoke!, folder);
  expect(await invoked.ended(), invoked.output()).toBe(0);
  expect(invoked.output()).toContain('"outcome": "processed"');
});

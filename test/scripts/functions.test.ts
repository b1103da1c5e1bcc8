import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { assertJavascript, assertZip } from '../../scripts/functions/budgets.ts';
import { buildFunction, findFunctions } from '../../scripts/functions/build.ts';
import { projectTempDir } from '../support/functions.ts';
import { tempDir } from '../support/temp-dir.ts';

const run = promisify(execFile);

const hashOf = async (file: string) =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');

/** The exports of the folder's program, in a process that has only the folder. */
async function exportsOf(folder: string): Promise<string[]> {
  const away = await tempDir();
  await cp(folder, away, { recursive: true });
  const script = 'console.log(JSON.stringify(Object.keys(require("./index.js"))))';
  const { stdout } = await run(process.execPath, ['-e', script], { cwd: away, env: {} });
  return (JSON.parse(stdout) as string[]).filter((name) => !name.startsWith('$'));
}

describe('buildFunction', { timeout: 120_000 }, () => {
  test('findFunctions finds the functions that can be deployed', async () => {
    expect(await findFunctions()).toEqual(expect.arrayContaining(['face-recognition', 'mns-poller']));
  });

  test('a built function needs nothing outside its folder, and keeps its budget', async () => {
    const options = { outdir: await projectTempDir(), engine: 'facebody' } as const;

    const faces = await buildFunction('face-recognition', options);
    const poller = await buildFunction('mns-poller', options);

    expect(await exportsOf(faces.folder)).toEqual(
      expect.arrayContaining(['handler', 'initialize', 'preStop']),
    );
    expect(await exportsOf(poller.folder)).toEqual(expect.arrayContaining(['handler', 'initialize']));
    const zipped = Object.keys(unzipSync(await readFile(faces.zip)));
    expect(zipped).toEqual(
      expect.arrayContaining([
        'index.js',
        'server.js',
        'picture-process.js',
        'package.json',
        'chunks/saxes.js',
      ]),
    );
    expect(zipped).toContain('node_modules/@img/sharp-linux-x64/package.json');
    const notice = await readFile(join(faces.folder, 'NOTICE'), 'utf8');
    expect(zipped).toContain('NOTICE');
    for (const text of [
      /^@img\/sharp-libvips-linux-x64 .* \(LGPL-3\.0-or-later\)$/m,
      /^zod .* \(MIT\)$/m,
      /^pino /m,
    ])
      expect(notice).toMatch(text);
    for (const text of [
      '| libvips       | LGPLv3',
      'GNU LESSER GENERAL PUBLIC LICENSE',
      'GNU GENERAL PUBLIC LICENSE',
    ])
      expect(notice).toContain(text);
    expect(notice).not.toContain('faceplugin');
    expect(zipped.filter((name) => name.includes('onnxruntime') || name.endsWith('.map'))).toEqual([]);
    expect(
      Object.keys(unzipSync(await readFile(poller.zip))).filter((name) => name.includes('sharp')),
    ).toEqual([]);
  });

  test('a function built with the local engine starts its picture process, and says when it is missing', async () => {
    const { folder } = await buildFunction('face-recognition', {
      outdir: await projectTempDir(),
      engine: 'local',
    });
    const notice = await readFile(join(folder, 'NOTICE'), 'utf8');
    for (const name of ['faceplugin-face-recognition-js', '@vladmandic/face-api', 'onnxruntime-node'])
      expect(notice).toMatch(new RegExp(`^${name} .* \\(MIT\\)$`, 'm'));
    const away = await tempDir();
    await cp(folder, away, { recursive: true });
    const script = `require("./index.js").initialize(${JSON.stringify({ requestId: 'r', function: { timeout: 60 } })})
      .then(() => console.log("ready"), (error) => console.log(error.code))`;
    const warmUp = () =>
      run(process.execPath, ['-e', script], {
        cwd: away,
        env: { ENGINE: 'local', FC_REGION: 'cn-hangzhou' },
      });

    const { stdout: complete } = await warmUp();
    await rm(join(away, 'picture-process.js'));
    const { stdout: without } = await warmUp();

    expect(complete).toBe('ready\n');
    expect(without).toBe('EngineUnavailable\n');
  });

  test('building a function twice gives two equal zips', async () => {
    const [first, second] = [await projectTempDir(), await projectTempDir()];

    const one = await buildFunction('mns-poller', { outdir: first, engine: 'facebody' });
    const two = await buildFunction('mns-poller', { outdir: second, engine: 'facebody' });

    expect(await hashOf(two.zip)).toBe(await hashOf(one.zip));
  });
});

describe('budgets', () => {
  const ofBytes = (bytes: number) =>
    ({
      bytes,
      largest: [[bytes, 'node_modules/large']],
      packages: [],
      contained: [],
      sources: new Set<string>(),
    }) as const;

  test('a program and a zip within their budgets pass', () => {
    expect(() => assertJavascript('face-recognition/index', ofBytes(200 * 1024))).not.toThrow();
    expect(() => assertZip('face-recognition', 10 * 1024 * 1024)).not.toThrow();
  });

  test('a program or a zip beyond its budget is refused, with its largest inputs', () => {
    expect(() => assertJavascript('mns-poller/index', ofBytes(120 * 1024 + 1))).toThrow(
      /121 KB, its budget is 120 KB:\n {2}121 KB node_modules\/large/,
    );
    expect(() => assertZip('face-recognition', 10 * 1024 * 1024 + 1)).toThrow(/budget/);
  });
});

import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { packCloud } from '../../scripts/pack-cloud/pack.ts';
import { type ChildProgram, watchProgram } from '../support/child-program.ts';
import { sampleBytes } from '../support/photos.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAX_INSTALLED_MB = 40;

/** An empty folder in which the package was installed, as a reader of its README does it. */
let folder: string;
/** The blocks of code in the README, by language. */
let blocks: (language: string) => string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aliyun-local-cloud-test-'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  const file = await packCloud(folder);
  // What `npm install` of the project left in npm's cache is enough; the registry is asked for nothing else.
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--silent'];
  await run('npm', ['install', '--save-dev', ...options, file], { cwd: folder });
  const readme = await readFile(join(folder, 'node_modules/aliyun-local-cloud/README.md'), 'utf8');
  blocks = (language) =>
    [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map((match) => match[1]!);
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a script in the folder and returns what it prints. */
async function runScript(source: string): Promise<string> {
  await writeFile(join(folder, 'script.mjs'), source);
  const { stdout } = await run(process.execPath, ['script.mjs'], { cwd: folder });
  return stdout;
}

/** Starts a line of a shell in the folder, on free ports, and waits until it prints the text. */
async function startLine(line: string, text: RegExp): Promise<ChildProgram> {
  const env = { ...process.env, MNSOSS_OSS_PORT: '0', MNSOSS_MNS_PORT: '0' };
  // A group of its own, so that what npx starts can be ended with it.
  const child = spawn('bash', ['-c', line], { cwd: folder, env, detached: true });
  const program = watchProgram(child);
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid!, 'SIGTERM');
    await program.ended();
  });
  await program.said(text);
  return program;
}

describe('the package aliyun-local-cloud', () => {
  test(`the package and all that it needs take at most ${MAX_INSTALLED_MB} MB, without packages for pictures`, async () => {
    const { stdout } = await run('du', ['-sk', 'node_modules'], { cwd: folder });
    const { stdout: names } = await run('ls', ['node_modules'], { cwd: folder });

    expect(Number.parseInt(stdout, 10) / 1024).toBeLessThan(MAX_INSTALLED_MB);
    expect(names.split('\n')).toContain('aliyun-local-cloud');
    expect(names).not.toMatch(/sharp|onnxruntime|faceplugin|vladmandic/);
  });

  test('the command of the README starts a cloud on loopback', async () => {
    const [command] = blocks('sh');
    expect(command).toBe('npx aliyun-local-cloud --in-memory\n');

    const { output } = await startLine(command!, /in memory/);

    const url = /OSS .*?(http:\S+:\d+)/.exec(output())?.[1];
    const answer = await fetch(url!);
    expect([answer.status, answer.headers.get('server')]).toEqual([403, 'AliyunOSS']);
  });

  test('the command of the README adds an event rule to a running cloud', async () => {
    const readme = await readFile(join(folder, 'node_modules/aliyun-local-cloud/README.md'), 'utf8');
    const create = /`(npx aliyun-local-cloud rules create [^`]*)`/.exec(readme)![1]!;
    await startLine('npx aliyun-local-cloud', /data in/);

    await run('bash', ['-c', create], { cwd: folder });
    const { stdout } = await run('npx', ['aliyun-local-cloud', 'rules', 'list'], { cwd: folder });

    expect(stdout).toContain('uploads');
  });

  test('the script of the README for tests runs to its end', async () => {
    const [script] = blocks('js');

    const output = await runScript(script!);

    expect(output).toMatch(/^http:\/\/127\.0\.0\.1:\d+ http:\/\/127\.0\.0\.1:\d+ LOCALACCESSKEYID\n$/);
  });

  test('the script of the README for Function Compute invokes a function', async () => {
    const [, script] = blocks('js');
    await mkdir(join(folder, 'app'));
    await writeFile(join(folder, 'app/package.json'), '{}');
    await writeFile(join(folder, 'app/index.js'), "exports.handler = async (event) => 'got ' + event;");

    const output = await runScript(`
      import { startLocalCloud } from 'aliyun-local-cloud';
      const cloud = await startLocalCloud();
      ${script!.replace('/app/dist', join(folder, 'app'))}
      console.log(body.toString());
      await cloud.close();
    `);

    expect(output).toBe('got {}\n');
  });

  test('operations on pictures answer 501 and name the packages to install', async () => {
    await writeFile(join(folder, 'photo.jpg'), sampleBytes(1));

    const output = await runScript(`
      import { readFile } from 'node:fs/promises';
      import { startLocalCloud } from 'aliyun-local-cloud';
      const cloud = await startLocalCloud({ checkSignatures: false });
      const photo = cloud.oss.url + '/photos/a.jpg';
      await fetch(cloud.oss.url + '/photos', { method: 'PUT' });
      await fetch(photo, { method: 'PUT', body: await readFile('photo.jpg') });
      const processed = await fetch(photo + '?x-oss-process=image/resize,w_10');
      const headers = { 'x-acs-action': 'DetectFace', 'x-acs-version': '2019-12-30' };
      const body = new URLSearchParams({ ImageURL: photo });
      const detected = await fetch(cloud.facebody.url, { method: 'POST', headers, body });
      const original = await fetch(photo);
      console.log(processed.status, await processed.text());
      console.log(detected.status, await detected.text());
      console.log(original.status);
      await cloud.close();
    `);

    const lines = output.trim().split('\n');
    expect(output).toMatch(/^501 /);
    expect(output).toContain('npm install sharp</Message>');
    expect(output).toMatch(/\n501 .*"Code":"NotImplemented".*npm install sharp onnxruntime-node /);
    expect(lines.at(-1)).toBe('200');
  });

  test.each(['NodeNext', 'Bundler'] as const)(
    'its types compile with module resolution %s',
    async (moduleResolution) => {
      await writeFile(
        join(folder, 'consumer.ts'),
        `import { type FunctionConfig, type LocalCloud, manualClock, startLocalCloud, startLocalFc } from 'aliyun-local-cloud';
      const functions: FunctionConfig[] = [];
      const cloud: LocalCloud = await startLocalCloud({ port: 0, clock: manualClock() });
      const fc = await startLocalFc(cloud, { functions });
      // @ts-expect-error a port is a number
      await startLocalCloud({ port: fc.url });`,
      );
      const compilerOptions = {
        target: 'ES2022',
        module: moduleResolution === 'Bundler' ? 'ESNext' : moduleResolution,
        moduleResolution,
        typeRoots: [join(ROOT, 'node_modules/@types')],
        types: ['node'],
        strict: true,
        noEmit: true,
        skipLibCheck: false,
      };
      await writeFile(
        join(folder, 'tsconfig.json'),
        JSON.stringify({ compilerOptions, files: ['consumer.ts'] }),
      );
      const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');

      const compiled = await run(process.execPath, [tsc, '-p', folder]).then(
        () => '',
        ({ stdout }: { stdout: string }) => stdout,
      );

      expect(compiled).toBe('');
    },
  );
});

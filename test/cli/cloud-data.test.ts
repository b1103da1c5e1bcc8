import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runProgram } from '../support/program.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startCloud } from './running-cloud.ts';

const run = async (...args: string[]) => {
  const program = runProgram(['cloud', ...args]);
  const code = await program.ended();
  return { code, output: program.output() };
};

/** A data folder in which a cloud stored one object. */
async function filledFolder() {
  const folder = await tempDir();
  const dataDir = join(folder, 'data');
  await fs.writeFile(join(folder, 'me.jpg'), 'bytes');
  const { program, connection } = await startCloud(dataDir);
  const there = ['--data-dir', dataDir, '--bucket', 'things'];
  expect(await runProgram(['put', ...there, join(folder, 'me.jpg')]).ended()).toBe(0);
  program.process.kill('SIGTERM');
  await program.ended();
  return { dataDir, connection, there };
}

describe('cloud with a data folder', () => {
  test('verify lists damage and exits with 1, repair mends it, and verify then finds none', async () => {
    const { dataDir } = await filledFolder();
    const sound = await run('verify', '--data-dir', dataDir);
    const log = join(dataDir, 'oss', 'log', '00000001.log');
    const bytes = await fs.readFile(log);
    bytes[bytes.indexOf('bytes')]! ^= 1;
    await fs.writeFile(log, bytes);

    const damaged = await run('verify', '--data-dir', dataDir);
    const repaired = await run('repair', '--data-dir', dataDir);
    const after = await run('verify', '--data-dir', dataDir);

    expect(sound).toEqual({ code: 0, output: `${dataDir} is as it was written\n` });
    expect(damaged.code).toBe(1);
    expect(damaged.output).toMatch(/^things\/incoming\/me\.jpg needs bytes: .* damaged.*, 1 lost$/m);
    expect(damaged.output).toContain('1 thing is damaged');
    expect(repaired.code).toBe(0);
    expect(repaired.output).toMatch(/it was removed; what is left of it is set-aside\//);
    expect(after).toEqual({ code: 0, output: `${dataDir} is as it was written\n` });
  });

  test('verify refuses a folder that a cloud uses, and one that does not exist', async () => {
    const dataDir = join(await tempDir(), 'data');
    await startCloud(dataDir);

    const used = await run('verify', '--data-dir', dataDir);
    const missing = await run('verify', '--data-dir', `${dataDir}-2`);

    expect(used.code).toBe(1);
    expect(used.output).toContain('is in use by another process');
    expect(missing.code).toBe(1);
    expect(missing.output).toContain('there is no data folder');
  });

  test.each([
    ['is damaged', (file: string) => fs.writeFile(file, '{"ossUrl":')],
    [
      'has another access key than was written',
      async (file: string) => {
        const text = await fs.readFile(file, 'utf8');
        await fs.writeFile(file, text.replace('"accountId": "1', '"accountId": "3'));
      },
    ],
    ['is missing', (file: string) => fs.rm(file)],
  ])('a start heals a folder whose connection.json %s', async (_, damage) => {
    const { dataDir, connection, there } = await filledFolder();
    await damage(join(dataDir, 'connection.json'));

    const { connection: healed } = await startCloud(dataDir);

    expect(healed.account).toEqual(connection.account);
    const got = runProgram(['get', ...there, '--output', '-', 'incoming/me.jpg']);
    expect(await got.ended()).toBe(0);
    expect(got.output()).toBe('bytes');
  });

  test('the owner alone can read a data folder', async () => {
    const { dataDir } = await filledFolder();

    const entries = await fs.readdir(dataDir, { recursive: true, withFileTypes: true });
    const modes = await Promise.all(
      entries.map(async (entry) => {
        const { mode } = await fs.stat(join(entry.parentPath, entry.name));
        return `${entry.isDirectory() ? 'folder' : 'file'} ${(mode & 0o777).toString(8)}`;
      }),
    );

    expect(new Set(modes)).toEqual(new Set(['folder 700', 'file 600']));
    expect(((await fs.stat(dataDir)).mode & 0o777).toString(8)).toBe('700');
  });
});

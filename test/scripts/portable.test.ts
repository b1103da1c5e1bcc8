import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { neededVersions } from '../../scripts/functions/elf.ts';
import { assertPortable, newerThanThere } from '../../scripts/functions/portable.ts';
import { tempDir } from '../support/temp-dir.ts';

const SHARP = 'node_modules/@img/sharp-libvips-linux-x64/lib';

/** sharp's library as if linked with a newer one: the name of a version is replaced by a name of the same length. */
async function relinked(from: string, to: string): Promise<Buffer> {
  const bytes = await readLibrary();
  const at = bytes.indexOf(`${from}\0`);
  expect(at).toBeGreaterThan(0);
  bytes.write(to, at, 'latin1');
  return bytes;
}

async function readLibrary(): Promise<Buffer> {
  const name = (await readdir(SHARP)).find((file) => file.startsWith('libvips-cpp'))!;
  return readFile(join(SHARP, name));
}

describe('assertPortable', () => {
  test('neededVersions lists the symbol versions that a library needs', async () => {
    const versions = neededVersions(await readLibrary());

    expect(versions).toContain('GLIBC_2.2.5');
    expect(versions.length).toBeGreaterThan(5);
  });

  test('the binaries of sharp run on Function Compute', async () => {
    expect(newerThanThere(await readLibrary())).toEqual([]);
    await expect(assertPortable('node_modules/@img/sharp-linux-x64')).resolves.toBeUndefined();
  });

  test.each([
    ['GLIBC_2.14', 'GLIBC_2.29'],
    ['GLIBC_2.14', 'GLIBC_2.34'],
  ])('a library that needs a newer C library is refused: %s replaced by %s', async (from, to) => {
    const folder = join(await tempDir(), 'node_modules/sharp/lib');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'libvips-cpp.so.8'), await relinked(from, to));

    await expect(assertPortable(folder)).rejects.toThrow(
      `Function Compute has at most GLIBC_2.28, GLIBCXX_3.4.25, CXXABI_1.3.11:\n  ${folder}/libvips-cpp.so.8 needs ${to}`,
    );
  });

  test('a binary for arm64 is refused, because Function Compute has no such machine', async () => {
    const bytes = Buffer.from(await readLibrary());
    bytes.writeUInt16LE(183, 18);

    expect(() => newerThanThere(bytes)).toThrow('Function Compute runs x64 only, not arm64');
  });

  test('a file that is no binary for Linux is refused', async () => {
    const folder = await tempDir();
    await writeFile(join(folder, 'addon.node'), 'MZ');

    await expect(assertPortable(folder)).rejects.toThrow('expected a binary for Linux on x64');
  });
});

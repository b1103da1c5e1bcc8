import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isElf, machineOf, neededVersions } from './elf.ts';

/** The newest symbol versions of Debian 10, on which Function Compute's `nodejs20` runs. */
const NEWEST: Readonly<Record<string, string>> = { GLIBC: '2.28', GLIBCXX: '3.4.25', CXXABI: '1.3.11' };

/** Names of add-ons and libraries, and of the Node that a custom runtime brings. */
const BINARY = /\.(node|so)(\.|$)|^node$/;

/** Throws when a binary below the folder needs a newer C or C++ library than Function Compute has. */
export async function assertPortable(folder: string): Promise<void> {
  const faults: string[] = [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile() || !BINARY.test(entry.name)) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const tooNew = newerThanThere(await readFile(path));
    if (tooNew.length > 0) faults.push(`${path} needs ${tooNew.join(', ')}`);
  }
  if (faults.length > 0) {
    const limits = Object.entries(NEWEST).map((pair) => pair.join('_'));
    throw new Error(`Function Compute has at most ${limits.join(', ')}:\n  ${faults.join('\n  ')}`);
  }
}

/** Throws for a machine that Function Compute does not have. */
export function assertMachine(machine: string): void {
  if (machine === 'x64') return;
  throw new Error(
    `Function Compute runs x64 only, not ${machine}: build for x64, also on a machine of another kind`,
  );
}

/** The symbol versions that a binary needs and Function Compute lacks. Throws if the bytes are no ELF file. */
export function newerThanThere(bytes: Buffer): string[] {
  if (!isElf(bytes)) throw new Error('expected a binary for Linux on x64');
  assertMachine(machineOf(bytes));
  return neededVersions(bytes).filter((name) => {
    const [, library, version] = /^([A-Z]+)_([\d.]+)$/.exec(name) ?? [];
    const limit = library && NEWEST[library];
    return limit !== undefined && version !== undefined && compare(version, limit) > 0;
  });
}

function compare(left: string, right: string): number {
  return left.localeCompare(right, 'en', { numeric: true });
}

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ENTRY = 'local/index.d.ts';

/** Writes the type declarations of the local cloud, and only those that they refer to. */
export async function declarations(outdir) {
  const all = await mkdtemp(join(tmpdir(), 'mnsoss-face-types-'));
  try {
    const project = join(ROOT, 'scripts/tsconfig.declarations.json');
    await run(process.execPath, [
      join(ROOT, 'node_modules/typescript/bin/tsc'),
      '-p',
      project,
      '--outDir',
      all,
    ]);
    const waiting = [join(all, ENTRY)];
    const written = new Set(waiting);
    for (let file = waiting.pop(); file; file = waiting.pop()) {
      const text = await readFile(file, 'utf8');
      // Names of source files become names of modules, which every version of TypeScript resolves.
      const named = text.replace(/(['"])(\.{1,2}\/[^'"]+)\.ts\1/g, (_, quote, path) => {
        const next = join(dirname(file), `${path}.d.ts`);
        if (!written.has(next)) waiting.push(next);
        written.add(next);
        return `${quote}${path}.js${quote}`;
      });
      const target = join(outdir, relative(all, file));
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, named);
    }
  } finally {
    await rm(all, { recursive: true });
  }
}

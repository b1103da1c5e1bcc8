import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { transform } from 'esbuild';

/**
 * Compiles each source file below `folders` to its own file, like `tsc`. Packages
 * come from the project's `node_modules`.
 */
export async function compileUnbundled(folders: readonly string[], outdir: string): Promise<void> {
  for (const folder of folders) {
    const files = await readdir(folder, { recursive: true });
    for (const file of files.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))) {
      const source = await readFile(join(folder, file), 'utf8');
      const { code } = await transform(source, { loader: 'ts', format: 'esm', target: 'node20.10' });
      const target = join(outdir, folder, file.replace(/\.ts$/, '.mjs'));
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, code.replaceAll(/(["'])(\.{1,2}\/[^"']+)\.ts\1/g, '$1$2.mjs$1'));
    }
  }
}

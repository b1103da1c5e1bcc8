// Assembles `kernel.wat` to the bytes in `kernel.ts`. Run: npx tsx scripts/kernel.ts
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import openWabt from 'wabt';

const FOLDER = new URL('../shared/faces/index/vectors/', import.meta.url);

/** The text of `kernel.ts`. */
export async function assembleKernel(): Promise<string> {
  const wabt = await openWabt();
  const source = await readFile(new URL('kernel.wat', FOLDER), 'utf8');
  const module = wabt.parseWat('kernel.wat', source, { simd: true, threads: true });
  const bytes = Buffer.from(module.toBinary({}).buffer);
  module.destroy();
  const lines = bytes.toString('base64').match(/.{1,100}/g)!;
  return [
    '// Assembled from kernel.wat by scripts/kernel.ts.',
    '/** A WebAssembly module, as base64. */',
    `export const KERNEL =\n  '${lines.join("' +\n  '")}';`,
    '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(new URL('kernel.ts', FOLDER), await assembleKernel());
}

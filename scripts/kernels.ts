// Assembles every `<name>.wat` of `shared/` to the bytes in `<name>.wasm.ts` beside it: `npm run kernels`. With `--check` it
// only says which are out of date.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import loadWabt from 'wabt';

const wabt = await loadWabt();

async function assemble(file: string): Promise<string> {
  const module = wabt.parseWat(file, await readFile(file, 'utf8'), { simd: true, threads: true });
  const bytes = Buffer.from(module.toBinary({}).buffer).toString('base64');
  module.destroy();
  const lines = bytes.match(/.{1,100}/g)!.map((line) => `  '${line}',\n`);
  return `// Assembled by \`npm run kernels\`: a WebAssembly module, as base64.\nexport const WASM = [\n${lines.join('')}].join('');\n`;
}

const sources = (await readdir('shared', { recursive: true })).filter((name) => name.endsWith('.wat'));
for (const source of sources.map((name) => join('shared', name))) {
  const target = source.replace(/\.wat$/, '.wasm.ts');
  const text = await assemble(source);
  if (!process.argv.includes('--check')) {
    await writeFile(target, text);
    console.log(`wrote ${target}`);
  } else if ((await readFile(target, 'utf8').catch(() => '')) !== text) {
    console.error(`${target} is out of date: run npm run kernels`);
    process.exitCode = 1;
  }
}

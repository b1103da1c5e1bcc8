// Assembles the WebAssembly of the local engine: `npm run kernels`. With `--check` it only says whether that was forgotten.
import { readFile, writeFile } from 'node:fs/promises';
import loadWabt from 'wabt';

const FOLDER = 'shared/faces/engines/local/kernels';
const TARGET = `${FOLDER}/binary.ts`;

const wabt = await loadWabt();
const source = await readFile(`${FOLDER}/kernels.wat`, 'utf8');
const module = wabt.parseWat('kernels.wat', source, { simd: true });
module.validate();
const binary = Buffer.from(module.toBinary({}).buffer).toString('base64');
const lines = binary.match(/.{1,100}/g)!.map((line) => `  '${line}'`);
const text = `// Made of kernels.wat by \`npm run kernels\`.
export const BINARY = [
${lines.join(',\n')},
].join('');
`;

if (process.argv.includes('--check')) {
  if ((await readFile(TARGET, 'utf8')) !== text) {
    console.error(`${TARGET} is out of date: run npm run kernels`);
    process.exitCode = 1;
  }
} else {
  await writeFile(TARGET, text);
  console.log(`wrote ${TARGET}`);
}

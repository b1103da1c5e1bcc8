// Builds what Function Compute runs: a folder and a zip per function, in dist/functions/.
// ENGINE=local, or --engine local, adds the models; without them FaceBody finds the faces.
// --node 24 adds that Node to the functions that run in a custom runtime.
import { parseArgs } from 'node:util';
import { buildFunction, findFunctions } from './functions/build.ts';
import { assertMachine } from './functions/portable.ts';
import { CUSTOM_NODE_VERSIONS, ensureNode } from './node-binaries.ts';

/** The other programs run in the managed runtime, or in an image that has its Node. */
const CUSTOM_RUNTIME_FUNCTIONS: readonly string[] = ['face-recognition'];

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: process.env.ENGINE || 'facebody' },
    node: { type: 'string' },
    arch: { type: 'string', default: 'x64' },
    outdir: { type: 'string', default: 'dist/functions' },
    quiet: { type: 'boolean' },
  },
});
const { engine, outdir, arch } = values;
assertMachine(arch);
if (engine !== 'facebody' && engine !== 'local') {
  throw new Error(`expected the engine facebody or local, not ${engine}`);
}
const node = values.node === undefined ? undefined : await ensureNode(releaseOf(values.node));

for (const name of await findFunctions()) {
  const { zip, zipBytes, programs } = await buildFunction(name, {
    outdir,
    engine,
    node: CUSTOM_RUNTIME_FUNCTIONS.includes(name) ? node : undefined,
  });
  if (values.quiet) continue;
  const sizes = Object.entries(programs).map(
    ([program, { bytes }]) => `${program}.js ${Math.ceil(bytes / 1024)} KB`,
  );
  console.log(`${zip} ${(zipBytes / 1024 / 1024).toFixed(1)} MB: ${sizes.join(', ')}`);
}

function releaseOf(major: string): string {
  const release = CUSTOM_NODE_VERSIONS[major];
  if (release) return release;
  throw new Error(`expected Node ${Object.keys(CUSTOM_NODE_VERSIONS).join(' or ')}, not ${major}`);
}

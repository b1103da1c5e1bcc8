// Builds what Function Compute runs: a folder and a zip for each function, in dist/functions/.
// ENGINE=local, or --engine local, brings the embedded models along; without it faces are found by FaceBody.
import { parseArgs } from 'node:util';
import { buildFunction, findFunctions } from './functions/build.ts';

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: process.env.ENGINE || 'facebody' },
    outdir: { type: 'string', default: 'dist/functions' },
    quiet: { type: 'boolean' },
  },
});
const { engine, outdir } = values;
if (engine !== 'facebody' && engine !== 'local') {
  throw new Error(`the engine is facebody or local, not ${engine}`);
}

for (const name of await findFunctions()) {
  const { zip, zipBytes, programs } = await buildFunction(name, { outdir, engine });
  if (values.quiet) continue;
  const sizes = Object.entries(programs).map(
    ([program, { bytes }]) => `${program}.js ${Math.ceil(bytes / 1024)} KB`,
  );
  console.log(`${zip} ${(zipBytes / 1024 / 1024).toFixed(1)} MB: ${sizes.join(', ')}`);
}

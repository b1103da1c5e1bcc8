// Builds what Function Compute runs: a folder and a zip for each function, in dist/functions/.
// ENGINE=local, or --engine local, brings the embedded models along; without it faces are found by FaceBody.
import { parseArgs } from 'node:util';
import { buildFunction } from './functions/build.js';
import { BUNDLES } from './functions/bundles.js';

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: process.env.ENGINE || 'facebody' },
    quiet: { type: 'boolean' },
  },
});
if (!['facebody', 'local'].includes(values.engine)) {
  throw new Error(`the engine is "facebody" or "local", not "${values.engine}"`);
}

for (const name of Object.keys(BUNDLES)) {
  const { javascript, zip, zipBytes } = await buildFunction(name, {
    outdir: 'dist/functions',
    engine: values.engine,
  });
  if (values.quiet) continue;
  const kb = (bytes) => `${Math.ceil(bytes / 1024)} KB`;
  const sizes = javascript.map(({ entry, atOnce }) => `${entry}.js loads ${kb(atOnce)}`);
  console.log(`${zip} ${(zipBytes / 1024 / 1024).toFixed(1)} MB: ${sizes.join(', ')}`);
}

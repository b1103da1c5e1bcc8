import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { BUNDLES, LOCAL_ENGINE, ZIP_BUDGET_MB } from './bundles.js';
import { bundleEntries, bundlePackages } from './javascript.js';
import { copyPackages } from './native.js';
import { zipFolder } from './zip.js';

/**
 * Builds one function into `<outdir>/<name>` and `<outdir>/<name>.zip`. Throws when a budget is exceeded.
 *
 * @param {string} name a row of `BUNDLES`
 * @param {{ outdir: string, engine: 'facebody' | 'local' }} options the local engine brings its models along
 * @returns {Promise<{ name: string, folder: string, zip: string, zipBytes: number, javascript: { entry: string, atOnce: number }[] }>}
 */
export async function buildFunction(name, { outdir, engine }) {
  const { entries, lazy, native, budgetKb } = BUNDLES[name];
  const folder = join(outdir, name);
  const local = engine === 'local' && native.length > 0;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });

  const javascript = await bundleEntries(entries, {
    lazy,
    external: [...native, ...LOCAL_ENGINE.native],
    outdir: folder,
  });
  await bundlePackages(lazy, folder);
  await copyPackages(local ? [...native, ...LOCAL_ENGINE.native] : native, folder);
  if (local) await copyModels(join(folder, 'models'));
  await writeFile(join(folder, 'package.json'), '{"type":"commonjs"}\n');

  const bytes = await zipFolder(folder);
  const zip = `${folder}.zip`;
  await writeFile(zip, bytes);
  for (const { entry, atOnce } of javascript) {
    assertBudget(`${name}/${entry}.js with its imports`, atOnce, budgetKb * 1024);
  }
  if (!local) assertBudget(`${name}.zip`, bytes.length, ZIP_BUDGET_MB * 1024 * 1024);
  return { name, folder, zip, zipBytes: bytes.length, javascript };
}

/** Who makes a function larger must raise its budget, and so think about it. */
function assertBudget(what, bytes, budget) {
  if (bytes <= budget) return;
  const kb = (size) => Math.ceil(size / 1024);
  throw new Error(
    `${what} has ${kb(bytes)} KB, its budget in scripts/functions/bundles.js is ${kb(budget)} KB`,
  );
}

/** The files that `shared/faces/engines/local/models.ts` names; it checks their SHA-256 when it reads them. */
async function copyModels(folder) {
  const source = await readFile('shared/faces/engines/local/models.ts', 'utf8');
  const require = createRequire(import.meta.url);
  await mkdir(folder, { recursive: true });
  for (const [, packageName, file] of source.matchAll(/package: '([^']+)',\s+file: '([^']+)'/g)) {
    const home = dirname(require.resolve(`${packageName}/package.json`));
    await copyFile(join(home, 'model', file), join(folder, basename(file)));
  }
}

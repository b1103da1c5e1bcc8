import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { build, transform } from 'esbuild';

/** Function Compute's `nodejs20` is Node 20.10: no newer syntax, and no `require` of ES modules. */
const TARGET = { platform: 'node', target: 'node20.10' };
const QUIET = { legalComments: 'none', logLevel: 'warning' };

/**
 * Writes `<entry>.js` for each entry, and the chunks that they share or load later, into `outdir`: CommonJS, which Node
 * 20 loads faster than the same as ES modules. Returns the bytes that each entry loads at once, with all that it
 * imports statically.
 */
export async function bundleEntries(entries, { lazy, external, outdir }) {
  const { outputFiles, metafile } = await build({
    ...TARGET,
    ...QUIET,
    entryPoints: entries,
    bundle: true,
    // esbuild splits only ES modules; each file is made CommonJS afterwards.
    format: 'esm',
    splitting: true,
    minify: true,
    chunkNames: 'chunks/[hash]',
    outdir,
    external,
    plugins: [chunksOf(lazy)],
    sourcemap: 'inline',
    sourcesContent: false,
    metafile: true,
    write: false,
    // Of every file of the bundle, it is the folder of the entry: models lie there.
    define: { 'import.meta.url': 'bundleUrl' },
  });
  const bytes = {};
  for (const { path, text } of outputFiles) {
    const file = relativeTo(outdir, path);
    const isChunk = file.startsWith('chunks/');
    const { code, map } = await transform(text.replaceAll(PACKAGE, isChunk ? './' : './chunks/'), {
      ...TARGET,
      ...QUIET,
      format: 'cjs',
      minify: true,
      treeShaking: true,
      sourcemap: true,
      sourcefile: basename(file),
      // import() would start the loader of ES modules, which takes longer than what it loads.
      supported: { 'dynamic-import': false },
      banner: `const bundleUrl=require('node:url').pathToFileURL(${isChunk ? "__dirname+'.js'" : '__filename'}).href;`,
    });
    const target = join(outdir, file);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, `${code}//# sourceMappingURL=${basename(file)}.map\n`);
    await writeFile(`${target}.map`, map);
    bytes[file] = Buffer.byteLength(code);
  }
  return Object.keys(entries).map((entry) => {
    const files = [...staticImports(metafile, outdir, `${entry}.js`)];
    return { entry, atOnce: files.reduce((total, file) => total + bytes[file], 0) };
  });
}

/** Bundles each package into one file in `<outdir>/chunks`. */
export async function bundlePackages(packages, outdir) {
  if (packages.length === 0) return;
  await build({
    ...TARGET,
    ...QUIET,
    entryPoints: Object.fromEntries(packages.map((name) => [chunkOf(name), name])),
    bundle: true,
    minify: true,
    format: 'cjs',
    outdir: join(outdir, 'chunks'),
    // urllib asks for it where a request is to go through a proxy, which ours never are.
    external: ['proxy-agent'],
  });
}

/** Stands before the name of a chunk until it is known from which folder it is asked for. */
const PACKAGE = 'lazy-package:';

const chunkOf = (name) => name.replace('@', '').replaceAll('/', '-');

/** `import('<package>')` becomes a `require` of its chunk, which happens when it is reached. */
function chunksOf(lazy) {
  return {
    name: 'chunks-of-lazy-packages',
    setup({ onResolve }) {
      onResolve({ filter: /^[^.]/ }, ({ path, kind }) => {
        if (kind !== 'dynamic-import' || !lazy.includes(path)) return undefined;
        return { path: `${PACKAGE}${chunkOf(path)}.js`, external: true };
      });
    },
  };
}

/** The entry, and the chunks that Node reads before the entry's first line runs. */
function staticImports({ outputs }, outdir, entry) {
  const byFile = new Map(Object.entries(outputs).map(([path, output]) => [relativeTo(outdir, path), output]));
  const found = new Set();
  const visit = (file) => {
    if (found.has(file) || !byFile.has(file)) return;
    found.add(file);
    for (const { path, kind } of byFile.get(file).imports) {
      if (kind === 'import-statement') visit(relativeTo(outdir, path));
    }
  };
  visit(entry);
  return found;
}

function relativeTo(outdir, path) {
  return path.slice(path.indexOf(`${outdir}/`) + outdir.length + 1);
}

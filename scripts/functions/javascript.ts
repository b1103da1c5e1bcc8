import { join } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { chunkOf, LATE_PACKAGES, LAZY_PACKAGES, NATIVE_PACKAGES } from './packages.ts';
import { JOINED, joinFiles, withoutUnused } from './plugins.ts';

/** Function Compute's `nodejs20` is Node 20.10: no newer syntax, and no `require` of ES modules. */
const COMMON = {
  bundle: true,
  // Names stay: stack traces of errors show them, and a map of names would cost more in the zip.
  minifyWhitespace: true,
  minifySyntax: true,
  platform: 'node',
  target: 'node20.10',
  legalComments: 'none',
  logLevel: 'warning',
  // A package in the bundle does this on purpose.
  logOverride: { 'equals-negative-zero': 'silent' },
} as const satisfies BuildOptions;

const APART = [...LAZY_PACKAGES, ...LATE_PACKAGES, ...NATIVE_PACKAGES];

export interface BundledEntry {
  /** Bytes of `<entry>.js`, which contains everything that is loaded at once. */
  readonly bytes: number;
  /** The largest inputs: bytes and source. */
  readonly largest: readonly (readonly [number, string])[];
  /** Packages outside the file that it can load. */
  readonly packages: readonly string[];
  /** Files of the project and of packages that it or its chunks consist of. */
  readonly sources: ReadonlySet<string>;
  /** Packages whose code is in the file or in its chunks. */
  readonly contained: readonly string[];
}

export interface BundleOptions {
  /** Name of the program, without ending. */
  readonly entry: string;
  readonly source: string;
  readonly outdir: string;
  /** An empty folder. The caller removes it. */
  readonly workdir: string;
}

/**
 * Writes `<entry>.js`, one CommonJS file with everything that is needed at once, and `chunks/<entry>/` with what an
 * `import()` in the sources loads later.
 *
 * Node loads CommonJS in half the time of ES modules, but esbuild splits only ES modules. So the program is first split,
 * and then the entry and all that it imports statically are joined.
 */
export async function bundleEntry(options: BundleOptions): Promise<BundledEntry> {
  const { entry, source, outdir, workdir } = options;
  const { metafile } = await build({
    ...COMMON,
    entryPoints: { [entry]: source },
    format: 'esm',
    splitting: true,
    chunkNames: `chunks/${entry}/[name]-[hash]`,
    outdir: workdir,
    external: APART,
    plugins: [withoutUnused],
    metafile: true,
    // In every file of the bundle it is the URL of the entry, because models are beside the entry.
    define: { 'import.meta.url': 'bundleUrl' },
  });
  const atOnce = staticImports(metafile, join(workdir, `${entry}.js`));
  const later = Object.keys(metafile.outputs).filter((path) => !atOnce.has(path));

  const write = (entryPoints: BuildOptions['entryPoints'], entryFile: string) =>
    build({
      ...COMMON,
      entryPoints,
      format: 'cjs',
      outdir,
      outbase: workdir,
      metafile: true,
      // `import()` would start the loader of ES modules, which takes longer than what it loads.
      supported: { 'dynamic-import': false },
      plugins: [joinFiles({ entry, workdir, atOnce })],
      banner: { js: `const bundleUrl=require("node:url").pathToFileURL(${entryFile}).href;` },
    });
  const joined = await write({ [entry]: JOINED }, '__filename');
  await write(
    later.map((path) => `./${path}`),
    `__dirname+"/../../${entry}.js"`,
  );
  return {
    bytes: joined.metafile.outputs[join(outdir, `${entry}.js`)]!.bytes,
    largest: largestInputs(metafile, atOnce),
    packages: packagesOf(metafile),
    sources: new Set(Object.keys(metafile.inputs)),
    contained: containedIn(metafile),
  };
}

/** Bundles each package that is not native into one file. */
export async function bundlePackages(packages: readonly string[], outdir: string): Promise<void> {
  const own = packages.filter((name) => !NATIVE_PACKAGES.includes(name));
  await build({
    ...COMMON,
    plugins: [withoutUnused],
    entryPoints: Object.fromEntries(own.map((name) => [chunkOf(name).replace(/\.js$/, ''), name])),
    format: 'cjs',
    outdir,
    // urllib loads it for requests through a proxy, which we never send.
    external: ['proxy-agent'],
  });
}

/** The file, and all files that are loaded before its first line runs. */
function staticImports({ outputs }: Metafile, first: string): Set<string> {
  const found = new Set<string>();
  const visit = (path: string): void => {
    if (found.has(path) || !outputs[path]) return;
    found.add(path);
    for (const { path: next, kind } of outputs[path].imports) {
      if (kind === 'import-statement') visit(next);
    }
  };
  visit(first);
  return found;
}

function packagesOf({ outputs }: Metafile): string[] {
  const imported = Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  return APART.filter((name) => imported.includes(name));
}

function containedIn({ inputs }: Metafile): string[] {
  const names = Object.keys(inputs).map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(names)].filter((name) => name !== undefined);
}

function largestInputs({ outputs }: Metafile, files: ReadonlySet<string>): (readonly [number, string])[] {
  const bytes = new Map<string, number>();
  for (const file of files) {
    for (const [path, { bytesInOutput }] of Object.entries(outputs[file]!.inputs)) {
      const home = /^node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path;
      bytes.set(home, (bytes.get(home) ?? 0) + bytesInOutput);
    }
  }
  return [...bytes].map(([path, size]) => [size, path] as const).sort(([left], [right]) => right - left);
}

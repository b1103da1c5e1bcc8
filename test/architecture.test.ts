import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const ROOT = new URL('..', import.meta.url).pathname;

/**
 * Which folders a folder may import from besides itself, types included. Imports go downwards only; that files do not
 * import each other in a circle is the linter's rule `noImportCycles`.
 */
const ALLOWED: Record<string, readonly string[]> = {
  'shared/runtime': [],
  // Of OSS only the constants: a record must have a key that OSS accepts.
  'shared/envelope': ['shared/oss/limits.ts', 'shared/runtime'],
  'shared/mns': ['shared/runtime'],
  'shared/oss': ['shared/runtime'],
  'shared/images': ['shared/runtime'],
  'shared/faces': ['shared/images', 'shared/oss', 'shared/runtime'],
  'shared/people': ['shared/faces', 'shared/oss', 'shared/runtime'],
  'shared/results': ['shared/oss', 'shared/runtime'],
  'shared/sinks': ['shared/envelope', 'shared/runtime'],
  'shared/pipeline': [
    'shared/envelope',
    'shared/faces',
    'shared/images',
    'shared/oss',
    'shared/people',
    'shared/results',
    'shared/runtime',
  ],
  functions: ['shared/'],
  local: ['shared/', 'functions'],
  cli: ['shared/', 'functions', 'local'],
};

/** Packages that only the named folders may load. Types cost nothing and are free. */
const RESERVED: Record<string, readonly string[]> = {
  sharp: ['shared/images', 'local'],
  'onnxruntime-node': ['shared/faces'],
  'cli-progress': ['cli'],
  '@commander-js/extra-typings': ['cli'],
  'prom-client': ['functions'],
  '@kubernetes/client-node': ['functions'],
};

async function sources(folder: string): Promise<string[]> {
  const entries = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

async function importsOf(file: string): Promise<string[]> {
  const text = await readFile(join(ROOT, file), 'utf8');
  return [...text.matchAll(/(?:from|import\(?)\s*'([^']+)'/g)].map((match) => match[1]!);
}

const folderOf = (file: string) => Object.keys(ALLOWED).find((folder) => file.startsWith(`${folder}/`));

test.each(Object.entries(ALLOWED))(
  '%s imports from itself and from folders below only',
  async (folder, allowed) => {
    const files = await sources(folder);

    const faults: string[] = [];
    for (const file of files) {
      for (const specifier of await importsOf(file)) {
        if (!specifier.startsWith('.')) continue;
        const target = normalize(join(dirname(file), specifier));
        if (![folder, ...allowed].some((below) => target.startsWith(below)))
          faults.push(`${file} → ${target}`);
      }
    }

    expect(files.length).toBeGreaterThan(0);
    expect(faults).toEqual([]);
  },
);

test.each(Object.entries(RESERVED))('the package %s is loaded only where it belongs', async (name, homes) => {
  const files = (await Promise.all(Object.keys(ALLOWED).map(sources))).flat();
  const loads = new RegExp(`(?<!import type [^;]+)from '${name}'|import\\('${name}'\\)`);

  const loaders: string[] = [];
  for (const file of files) if (loads.test(await readFile(join(ROOT, file), 'utf8'))) loaders.push(file);

  expect(loaders).not.toEqual([]);
  expect(loaders.filter((file) => !homes.some((home) => file.startsWith(`${home}/`)))).toEqual([]);
});

test('every source folder has a rule about its imports', async () => {
  const files = (await Promise.all(['shared', 'functions', 'local', 'cli'].map(sources))).flat();

  expect(files.filter((file) => !folderOf(file))).toEqual([]);
});

test('the poller loads neither images nor faces nor their packages', async () => {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['functions/mns-poller/bridge.ts', 'shared/mns/consumer/index.ts'],
    bundle: true,
    write: false,
    metafile: true,
    outdir: 'none',
    format: 'esm',
    platform: 'node',
    packages: 'external',
  });
  const inputs = Object.keys(metafile.inputs);
  const packages = Object.values(metafile.outputs).flatMap((output) =>
    output.imports.map(({ path }) => path),
  );

  expect(inputs.filter((path) => /^shared\/(images|faces|pipeline)\//.test(path))).toEqual([]);
  expect(packages).not.toContain('sharp');
  expect(packages).not.toContain('onnxruntime-node');
  expect(packages).not.toContain('@kubernetes/client-node');
});

test('all output to a terminal goes through shared/runtime/terminal.ts, which makes control characters visible', async () => {
  const others = [
    // Lines of the log, which shared/runtime/log.ts makes visible.
    'cli/commands/cloud.ts',
    'functions/face-recognition/custom-runtime/serve.ts',
    // Text that is made visible in the same place. These load no colors.
    'cli/main.ts',
    'functions/event-display/server.ts',
    'shared/runtime/program.ts',
  ];
  const files = (await Promise.all(Object.keys(ALLOWED).map(sources))).flat();

  const writers: string[] = [];
  for (const file of files) {
    const text = await readFile(join(ROOT, file), 'utf8');
    if (/console\.(?:log|error|info|warn)\(|process\.std(?:out|err)\.write\(/.test(text)) writers.push(file);
  }

  expect(writers.sort()).toEqual(['shared/runtime/terminal.ts', ...others].sort());
});

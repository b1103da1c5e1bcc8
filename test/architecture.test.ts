import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('..', import.meta.url).pathname;

/** Which folders a folder may import from, besides itself. Imports go downwards only. */
const ALLOWED: Record<string, readonly string[]> = {
  'shared/runtime': [],
  'shared/envelope': ['shared/runtime'],
  'shared/mns': ['shared/runtime'],
  'shared/oss': ['shared/runtime'],
  'shared/images': ['shared/runtime'],
  'shared/faces': ['shared/images', 'shared/oss', 'shared/runtime'],
  'shared/results': ['shared/oss', 'shared/runtime'],
  'shared/sinks': ['shared/envelope', 'shared/runtime'],
  'shared/pipeline': [
    'shared/envelope',
    'shared/faces',
    'shared/images',
    'shared/oss',
    'shared/results',
    'shared/runtime',
  ],
  functions: ['shared/'],
  local: ['shared/', 'functions'],
  cli: ['shared/', 'functions', 'local'],
};

/** Packages that only the named folders may load, so that nothing loads what it does not use. */
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
  return [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => match[1]!);
}

const folderOf = (file: string) => Object.keys(ALLOWED).find((folder) => file.startsWith(`${folder}/`));

describe.each(Object.entries(ALLOWED))('%s', (folder, allowed) => {
  it('imports from itself and below only', async () => {
    const files = await sources(folder);
    const faults: string[] = [];
    for (const file of files) {
      for (const specifier of await importsOf(file)) {
        if (specifier.startsWith('.')) {
          const target = normalize(join(dirname(file), specifier));
          const fine = [folder, ...allowed].some((below) => target.startsWith(below));
          if (!fine) faults.push(`${file} imports ${target}`);
        } else {
          const home = RESERVED[specifier];
          const type = new RegExp(`import type [^;]+from '${specifier}'`);
          if (home && !home.includes(folder) && !type.test(await readFile(join(ROOT, file), 'utf8'))) {
            faults.push(`${file} loads ${specifier}`);
          }
        }
      }
    }

    expect(files.length).toBeGreaterThan(0);
    expect(faults).toEqual([]);
  });
});

it('has a rule for every source folder', async () => {
  const files = (await Promise.all(['shared', 'functions', 'local', 'cli'].map(sources))).flat();

  expect(files.filter((file) => !folderOf(file))).toEqual([]);
});

it('keeps images, faces and their packages out of the poller', async () => {
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

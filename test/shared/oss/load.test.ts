import { build } from 'esbuild';
import { expect, test } from 'vitest';

/** What a cold start pays for: everything that importing the module loads at once. */
async function loadedBy(entry: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    outdir: 'unwritten',
    write: false,
    metafile: true,
  });
  const wanted = Object.entries(metafile.outputs).filter(([, output]) => output.entryPoint === entry);
  const chunks = wanted.map(([path]) => path);
  for (const chunk of chunks)
    for (const { path, kind, external } of metafile.outputs[chunk]?.imports ?? [])
      if (kind === 'import-statement' && !external && !chunks.includes(path)) chunks.push(path);
  return chunks.flatMap((chunk) => Object.keys(metafile.outputs[chunk]?.inputs ?? {}));
}

test('the OSS client loads no package', async () => {
  const loaded = await loadedBy('shared/oss/client.ts');

  expect(loaded).toContain('shared/oss/client.ts');
  expect(loaded.filter((path) => path.includes('node_modules'))).toEqual([]);
});

test('the OSS client leaves the XML of listings and refusals for later', async () => {
  const loaded = await loadedBy('shared/oss/client.ts');

  expect(loaded).not.toContain('shared/runtime/xml.ts');
});

import { execFile } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { tempDir } from '../../../../support/temp-dir.ts';

const SDK = new URL('../../../../../shared/faces/engines/facebody/sdk.ts', import.meta.url).pathname;
const PACKAGES = new URL('../../../../../node_modules', import.meta.url).pathname;
const BANNER = `import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);`;

/** What every user of the SDK does first: make a client and a request. */
const PROGRAM = `
  const { types, createClient } = await loadSdk();
  const settings = { endpoint: '127.0.0.1:1', region: 'cn-shanghai', protocol: 'HTTP' };
  const client = createClient({ accessKeyId: 'id', accessKeySecret: 'secret' }, settings, async () => {});
  const request = new types.RecognizeFaceRequest({ imageURL: 'http://127.0.0.1/a.jpg' });
  console.log(typeof client.recognizeFaceWithOptions, request.imageURL);
`;

test.each([
  ['split into chunks', { splitting: true, format: 'esm', banner: { js: BANNER } }],
  ['in one file', { format: 'esm', banner: { js: BANNER } }],
  ['in one CommonJS file', { format: 'cjs' }],
  ['left in its package', { format: 'esm', packages: 'external' }],
] as const)('the FaceBody SDK works %s', async (_, options) => {
  const dir = await tempDir();
  const entry = join(dir, 'entry.ts');
  await writeFile(entry, `import { loadSdk } from '${SDK}';\n(async () => {${PROGRAM}})();`);
  await symlink(PACKAGES, join(dir, 'node_modules'));
  const extension = options.format === 'cjs' ? '.cjs' : '.mjs';
  await build({
    entryPoints: { program: entry },
    bundle: true,
    platform: 'node',
    target: 'node20.10',
    outdir: dir,
    outExtension: { '.js': extension },
    logLevel: 'silent',
    ...options,
  });

  const { stdout } = await promisify(execFile)(process.execPath, [join(dir, `program${extension}`)]);

  expect(stdout.trim()).toBe('function http://127.0.0.1/a.jpg');
});

import { execFile } from 'node:child_process';
import { chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundleEntries } from '../bundle.js';
import { declarations } from '../declarations.js';
import { cloudManifest, packagesOf } from './manifest.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What the package holds besides its code: where it comes from, by its name in the package. */
const FILES = {
  'README.md': 'local/README.md',
  LICENSE: 'LICENSE',
  'docs/local-cloud-operations.md': 'docs/local-cloud-operations.md',
};

/** Packs `aliyun-local-cloud` into a file of the folder and returns its path. */
export async function packCloud(folder: string): Promise<string> {
  const stage = await mkdtemp(join(tmpdir(), 'aliyun-local-cloud-'));
  try {
    const entries = { index: 'local/index.ts', cli: 'cli/local-cloud.ts' };
    const metafile = await bundleEntries(entries, join(stage, 'dist'), 'warning');
    await chmod(join(stage, 'dist/cli.js'), 0o755);
    await declarations(join(stage, 'dist/types'));
    for (const [name, source] of Object.entries(FILES)) await cp(join(ROOT, source), join(stage, name));
    const project = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    const manifest = cloudManifest(project, packagesOf(metafile));
    await writeFile(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: stage });
    return join(folder, stdout.trim());
  } finally {
    await rm(stage, { recursive: true });
  }
}

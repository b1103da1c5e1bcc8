import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What each package's JavaScript and binaries need at run time on Linux, x64, glibc; everything else stays behind. */
const PACKAGES = {
  sharp: {
    files: ['package.json', 'LICENSE', 'dist'],
    needs: ['@img/colour', 'detect-libc', 'semver', '@img/sharp-linux-x64', '@img/sharp-libvips-linux-x64'],
  },
  '@img/sharp-linux-x64': { files: ['package.json', 'LICENSE', 'index.cjs', 'lib'] },
  '@img/sharp-libvips-linux-x64': { files: ['package.json', 'README.md', 'versions.json', 'lib'] },
  'onnxruntime-node': {
    files: ['package.json', 'dist', 'bin/napi-v6/linux/x64'],
    needs: ['onnxruntime-common'],
  },
  'onnxruntime-common': { files: ['package.json', 'dist/cjs'] },
};

const UNUSED = /\.(mjs|d\.[cm]?ts|map|md)$|[/\\]glib-2\.0$/;
const NOTICE = /README\.md$/;

/** Copies the packages and what they need into `<outdir>/node_modules`. */
export async function copyPackages(names, outdir) {
  for (const name of withNeeds(names)) {
    const source = join('node_modules', name);
    const target = join(outdir, 'node_modules', name);
    await assertInstalled(name, source);
    const files = PACKAGES[name]?.files ?? ['.'];
    for (const file of files) {
      await mkdir(target, { recursive: true });
      await cp(join(source, file), join(target, file), {
        recursive: true,
        filter: (path) => NOTICE.test(path) || !UNUSED.test(path),
      });
    }
  }
}

function withNeeds(names) {
  return new Set(names.flatMap((name) => [name, ...withNeeds(PACKAGES[name]?.needs ?? [])]));
}

/** npm installs only the binaries of the machine that it runs on. */
async function assertInstalled(name, folder) {
  try {
    await readFile(join(folder, 'package.json'));
  } catch {
    const { version } = JSON.parse(await readFile(join('node_modules/sharp/package.json'), 'utf8'));
    throw new Error(
      `${name} is not installed; for the binaries that Function Compute needs, run\n` +
        `  npm install --no-save --os=linux --cpu=x64 --libc=glibc sharp@${version}`,
    );
  }
}

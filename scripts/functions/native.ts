import { cp, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

interface NativePackage {
  /** What its JavaScript needs at run time on Linux, x64, glibc; everything else stays behind. */
  readonly files: readonly string[];
  readonly needs?: readonly string[];
}

const PACKAGES: Readonly<Record<string, NativePackage>> = {
  sharp: {
    files: ['package.json', 'LICENSE', 'dist'],
    needs: ['@img/colour', 'detect-libc', 'semver', '@img/sharp-linux-x64', '@img/sharp-libvips-linux-x64'],
  },
  '@img/sharp-linux-x64': { files: ['package.json', 'LICENSE', 'index.cjs', 'lib'] },
  // The README is its list of licences.
  '@img/sharp-libvips-linux-x64': { files: ['package.json', 'README.md', 'versions.json', 'lib'] },
  'onnxruntime-node': {
    files: ['package.json', 'dist', 'bin/napi-v6/linux/x64'],
    needs: ['onnxruntime-common'],
  },
  'onnxruntime-common': { files: ['package.json', 'dist/cjs'] },
};

const UNUSED = /\.(mjs|d\.[cm]?ts|map)$|[/\\]glib-2\.0$/;

/** Where binaries for Function Compute can be, besides those that npm has installed for this machine. */
const FOREIGN = 'node_modules/.cache/function-compute';

/** Copies the packages, and what they need, into `<outdir>/node_modules`. Throws when one is not installed. */
export async function copyNativePackages(names: readonly string[], outdir: string): Promise<void> {
  for (const name of withNeeds(names)) {
    const source = await findPackage(name);
    const target = join(outdir, 'node_modules', name);
    await mkdir(target, { recursive: true });
    for (const file of PACKAGES[name]?.files ?? ['.']) {
      const options = { recursive: true, filter: (path: string) => !UNUSED.test(path) };
      await cp(join(source, file), join(target, file), options);
    }
  }
}

function withNeeds(names: readonly string[]): Set<string> {
  return new Set(names.flatMap((name) => [name, ...withNeeds(PACKAGES[name]?.needs ?? [])]));
}

/** npm installs only the binaries of the machine that it runs on. */
async function findPackage(name: string): Promise<string> {
  for (const folder of [join('node_modules', name), join(FOREIGN, 'node_modules', name)]) {
    const isThere = await stat(join(folder, 'package.json')).catch(() => undefined);
    if (isThere) return folder;
  }
  const { version } = JSON.parse(await readFile('node_modules/sharp/package.json', 'utf8'));
  throw new Error(
    `${name} is not installed: Function Compute needs binaries for Linux, x64, glibc, and this is ${process.platform}-${process.arch}. Fetch them with\n` +
      `  npm install --prefix ${FOREIGN} --os=linux --cpu=x64 --libc=glibc sharp@${version}`,
  );
}

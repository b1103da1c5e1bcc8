import { cp, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

interface NativePackage {
  /** The files that it needs at run time on Linux with glibc on x64. All others are left out. */
  readonly files: readonly string[];
  readonly needs?: readonly string[];
}

const PACKAGES: Readonly<Record<string, NativePackage>> = {
  sharp: {
    files: ['package.json', 'LICENSE', 'dist'],
    needs: ['@img/colour', 'detect-libc', 'semver', '@img/sharp-linux-x64', '@img/sharp-libvips-linux-x64'],
  },
  '@img/sharp-linux-x64': { files: ['package.json', 'LICENSE', 'index.cjs', 'lib'] },
  // The README lists its licences.
  '@img/sharp-libvips-linux-x64': { files: ['package.json', 'README.md', 'versions.json', 'lib'] },
  'onnxruntime-node': {
    files: ['package.json', 'dist', 'bin/napi-v6/linux/x64'],
    needs: ['onnxruntime-common'],
  },
  'onnxruntime-common': { files: ['package.json', 'dist/cjs'] },
};

const UNUSED = /\.(mjs|d\.[cm]?ts|map)$|[/\\]glib-2\.0$/;

/** A second place for binaries, because npm installs only those for the present machine. */
const FOREIGN = 'node_modules/.cache/function-compute';

/** Copies the packages and their dependencies into `<outdir>/node_modules`. Throws if one is not installed. */
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

/** The folder of an installed package. Throws if npm has not installed it because it is for another platform. */
async function findPackage(name: string): Promise<string> {
  for (const folder of [join('node_modules', name), join(FOREIGN, 'node_modules', name)]) {
    const isThere = await stat(join(folder, 'package.json')).catch(() => undefined);
    if (isThere) return folder;
  }
  const { version } = JSON.parse(await readFile('node_modules/sharp/package.json', 'utf8'));
  throw new Error(
    `${name} is not installed: Function Compute needs binaries for Linux with glibc on x64, and this is ${process.platform}-${process.arch}. Get them with\n` +
      `  npm install --prefix ${FOREIGN} --os=linux --cpu=x64 --libc=glibc sharp@${version}`,
  );
}

import { readFile } from 'node:fs/promises';

/** A package that is installed with this project, or with what is deployed. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** Folder in the project. A package for another platform is not there. */
  readonly folder: string;
  /** As an expression of SPDX; `undefined` if nothing says it. */
  readonly licence: string | undefined;
  readonly needs: readonly string[];
}

/** Packages whose `package.json` does not say it as SPDX does. Their LICENSE files do. */
const READ: Readonly<Record<string, string>> = {
  '@darabonba/typescript': 'Apache-2.0',
  busboy: 'MIT',
  'pause-stream': 'MIT OR Apache-2.0',
  streamsearch: 'MIT',
};

interface LockedPackage {
  readonly version: string;
  readonly license?: unknown;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** All packages that are not for development only, by the lock file, for all platforms. */
export async function productionPackages(): Promise<InstalledPackage[]> {
  const lock = JSON.parse(await readFile('package-lock.json', 'utf8'));
  const packages = Object.entries(lock.packages as Record<string, LockedPackage>);
  return packages.flatMap(([folder, { version, license, dev, link, dependencies = {} }]) => {
    if (folder === '' || dev || link) return [];
    const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const licence = READ[name] ?? (typeof license === 'string' ? license : undefined);
    return [{ name, version, folder, licence, needs: Object.keys(dependencies) }];
  });
}

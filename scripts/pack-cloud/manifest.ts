import { builtinModules } from 'node:module';
import type { Metafile } from 'esbuild';

/** The fields of the project's own package.json that the package takes over. */
export interface ProjectManifest {
  readonly version: string;
  readonly license: string;
  readonly engines: object;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly homepage?: string;
  readonly bugs?: object;
  readonly repository?: object;
}

/** Packages that only pictures need: FaceBody and `x-oss-process` answer 501 without them. */
const OPTIONAL = ['sharp', 'onnxruntime-node', 'faceplugin-face-recognition-js', '@vladmandic/face-api'];

/** Packages that a loaded package expects beside it: extra-typings has the types of commander. */
const PEERS = ['commander'];

/** The package.json of `aliyun-local-cloud`: versions are the project's, dependencies are what the code loads. */
export function cloudManifest(project: ProjectManifest, loaded: readonly string[]) {
  const { version, license, engines, homepage, bugs, repository } = project;
  const versionsOf = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, versionOf(name, project)]));
  return {
    name: 'aliyun-local-cloud',
    version,
    description:
      'Alibaba Cloud on one machine, for tests: OSS, MNS (SMQ), event rules, FaceBody and Function Compute, for official SDKs',
    keywords: [
      'alibaba-cloud',
      'aliyun',
      'oss',
      'mns',
      'smq',
      'facebody',
      'function-compute',
      'emulator',
      'testing',
    ],
    homepage,
    bugs,
    repository,
    license,
    type: 'module',
    engines,
    bin: { 'aliyun-local-cloud': 'dist/cli.js' },
    exports: { '.': { types: './dist/types/local/index.d.ts', default: './dist/index.js' } },
    files: ['dist', 'docs'],
    dependencies: versionsOf([...loaded.filter((name) => !OPTIONAL.includes(name)), ...PEERS].sort()),
    peerDependencies: Object.fromEntries(OPTIONAL.map((name) => [name, `^${versionOf(name, project)}`])),
    peerDependenciesMeta: Object.fromEntries(OPTIONAL.map((name) => [name, { optional: true }])),
  };
}

function versionOf(name: string, { dependencies }: ProjectManifest): string {
  const version = dependencies[name];
  if (version === undefined) throw new Error(`${name} is loaded, but is not among the dependencies`);
  return version;
}

/** The packages that a bundle loads, by name. */
export function packagesOf({ outputs }: Metafile): string[] {
  const names = new Set<string>();
  for (const { imports } of Object.values(outputs)) {
    for (const { path, external } of imports) {
      if (!external || path.startsWith('node:') || builtinModules.includes(path)) continue;
      names.add(/^(@[^/]+\/)?[^/]+/.exec(path)![0]);
    }
  }
  return [...names].sort();
}

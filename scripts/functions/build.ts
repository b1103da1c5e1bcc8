import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { MODEL_FILES, type ModelName, modelPath } from '../../shared/faces/engines/local/models.ts';
import { writeNotice } from '../licences/notice.ts';
import { assertJavascript, assertZip } from './budgets.ts';
import { type BundledEntry, bundleEntry, bundlePackages } from './javascript.ts';
import { copyNativePackages } from './native.ts';
import { NATIVE_PACKAGES } from './packages.ts';
import { assertPortable } from './portable.ts';
import { zipFolder } from './zip.ts';

/** Source files in a function's folder, and the name of the program that each becomes. */
const ENTRIES = { fc: 'index', server: 'server' } as const;

/** Only the local engine needs it. Without it, the function uses FaceBody. */
const LOCAL_ENGINE_PACKAGE = 'onnxruntime-node';

/** What a program starts by file name. Each is looked for beside the other programs, and is built if `by` is in one of them. */
const STARTED = [
  { name: 'picture-process', source: 'shared/faces/pictures/main.ts', by: 'shared/faces/pictures/pool.ts' },
  {
    name: 'face-search-worker',
    source: 'shared/faces/index/vectors/worker.ts',
    by: 'shared/faces/index/vectors/thread.ts',
  },
] as const;

export interface BuildOptions {
  /** A folder inside the project. */
  readonly outdir: string;
  /** `local` adds the models. */
  readonly engine: 'facebody' | 'local';
  /** Path of a Node for Linux on x64 that is added for a custom runtime. */
  readonly node?: string;
}

export interface BuiltFunction {
  readonly folder: string;
  readonly zip: string;
  readonly zipBytes: number;
  /** By the name of the program. */
  readonly programs: Readonly<Record<string, BundledEntry>>;
}

/** Every folder of `functions/` that has an `fc.ts` or a `server.ts`. */
export async function findFunctions(): Promise<string[]> {
  const files = await readdir('functions', { recursive: true });
  const sources = files.map((file) => /^([^/\\]+)[/\\](fc|server)\.ts$/.exec(file)?.[1]);
  return [...new Set(sources.filter((name) => name !== undefined))].sort();
}

/** Builds one function into `<outdir>/<name>` and `<outdir>/<name>.zip`. Throws if it exceeds its budget. */
export async function buildFunction(
  name: string,
  { outdir, engine, node }: BuildOptions,
): Promise<BuiltFunction> {
  const folder = join(outdir, name);
  const programs = await bundleFunction(name, folder);
  const packages = packagesOf(programs);
  const needsModels = packages.has(LOCAL_ENGINE_PACKAGE) && engine === 'local';
  if (!needsModels) packages.delete(LOCAL_ENGINE_PACKAGE);
  await copyNativePackages(
    NATIVE_PACKAGES.filter((native) => packages.has(native)),
    folder,
  );
  if (needsModels) await copyModels(join(folder, 'models'));
  if (node) await copyFile(node, join(folder, 'node'));

  await writeNotice(folder, {
    contained: Object.values(programs).flatMap(({ contained }) => contained),
    withNeeds: [...packagesOf(programs)],
  });
  await assertPortable(folder);
  const zip = `${folder}.zip`;
  const bytes = await zipFolder(folder);
  await writeFile(zip, bytes);
  for (const [program, bundled] of Object.entries(programs)) assertJavascript(`${name}/${program}`, bundled);
  if (!needsModels && !node) assertZip(name, bytes.length);
  return { folder, zip, zipBytes: bytes.length, programs };
}

function functionSources(name: string, files: readonly string[]): Record<string, string> {
  const present = Object.entries(ENTRIES).filter(([source]) => files.includes(`${source}.ts`));
  return Object.fromEntries(
    present.map(([source, entry]) => [entry, join('functions', name, `${source}.ts`)]),
  );
}

/**
 * Bundles only the JavaScript of a function into `folder`, which is emptied first. Inside the project it runs as it is,
 * because packages with binaries are found in the project's own `node_modules`.
 */
export async function bundleFunction(name: string, folder: string): Promise<BuiltFunction['programs']> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const sources = functionSources(name, await readdir(join('functions', name)));
  const programs = await bundlePrograms(sources, folder);
  const started = STARTED.filter(({ by }) => Object.values(programs).some(({ sources }) => sources.has(by)));
  const others = Object.fromEntries(started.map(({ name: entry, source }) => [entry, source]));
  Object.assign(programs, await bundlePrograms(others, folder));
  await bundlePackages([...packagesOf(programs)], folder);
  await writeFile(join(folder, 'package.json'), '{"type":"commonjs"}\n');
  return programs;
}

function packagesOf(programs: BuiltFunction['programs']): Set<string> {
  return new Set(Object.values(programs).flatMap((program) => program.packages));
}

async function bundlePrograms(
  sources: Readonly<Record<string, string>>,
  outdir: string,
): Promise<Record<string, BundledEntry>> {
  const programs: Record<string, BundledEntry> = {};
  for (const [entry, source] of Object.entries(sources)) {
    const workdir = join(outdir, `.split-${entry}`);
    programs[entry] = await bundleEntry({ entry, source, outdir, workdir });
    await rm(workdir, { recursive: true });
  }
  return programs;
}

async function copyModels(folder: string): Promise<void> {
  await mkdir(folder);
  for (const name of Object.keys(MODEL_FILES) as ModelName[]) {
    const source = modelPath(name);
    await copyFile(source, join(folder, basename(source)));
  }
}

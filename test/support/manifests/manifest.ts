import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** An object of the Kubernetes API in a file. Rules must not rely on its shape. */
// biome-ignore lint/suspicious/noExplicitAny: the shape of an object depends on its kind
export type Manifest = any;

/** All documents of a YAML text. Throws the parser's errors, for example for duplicate keys. */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors;
    if (error) throw error;
    const value = document.toJS();
    return value === null ? [] : [value];
  });
}

export interface ManifestFile {
  /** Relative to the folder. */
  readonly path: string;
  readonly manifests: readonly Manifest[];
}

/** The YAML files below a folder, without kustomization files, sorted by name. */
export async function readManifests(folder: string): Promise<ManifestFile[]> {
  const paths = (await readdir(folder, { recursive: true })).filter(
    (path) => path.endsWith('.yaml') && !path.endsWith('kustomization.yaml'),
  );
  return Promise.all(
    paths.sort().map(async (path) => ({
      path,
      manifests: parseManifests(await readFile(join(folder, path), 'utf8')),
    })),
  );
}

export const nameOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata?.name}`;

/** The pod template of an object that runs pods. */
export function podTemplateOf(manifest: Manifest): Manifest {
  return ['Deployment', 'ContainerSource'].includes(manifest.kind) || isService(manifest)
    ? manifest.spec?.template
    : undefined;
}

export function isService({ apiVersion, kind }: Manifest): boolean {
  return kind === 'Service' && String(apiVersion).startsWith('serving.knative.dev/');
}

/** What is wrong with one object, given those that are applied with it; empty when nothing is. */
export type Rule = (manifest: Manifest, all: readonly Manifest[]) => readonly string[];

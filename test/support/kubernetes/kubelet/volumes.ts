import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Client } from '../client/client.ts';
import { dataOf, NotStartable } from './environment.ts';
import type { Container, Pod, Volume } from './pod.ts';

/** Writes the pod's volumes below `folder`. Called again when a Secret or ConfigMap changes. */
export async function writeVolumes(client: Client, pod: Pod, folder: string): Promise<void> {
  for (const volume of pod.spec.volumes ?? []) {
    const target = join(folder, volume.name);
    await mkdir(target, { recursive: true });
    for (const [path, bytes] of Object.entries(await filesOf(client, pod, volume))) {
      const file = join(target, path);
      await mkdir(dirname(file), { recursive: true });
      // Atomic: a reader sees either the old file or the new one.
      await writeFile(`${file}.new`, bytes);
      await rename(`${file}.new`, file);
    }
  }
}

async function filesOf(client: Client, pod: Pod, { name, secret, configMap, emptyDir }: Volume) {
  if (emptyDir) return {};
  const source = secret ?? configMap;
  if (!source)
    throw new NotStartable(
      'FailedMount',
      `volume ${name}: only secret, configMap and emptyDir are supported`,
    );
  const { namespace = '' } = pod.metadata;
  const data = secret
    ? await dataOf(client, 'secrets', namespace, secret.secretName, secret.optional)
    : await dataOf(client, 'configMaps', namespace, configMap!.name, configMap!.optional);
  if (!source.items) return data;
  return Object.fromEntries(source.items.map(({ key, path }) => [path, data[key] ?? Buffer.alloc(0)]));
}

/**
 * Child processes share the machine's files, so nothing can be mounted at `mountPath`. Where a value starts with that
 * path, the folder of the volume replaces it.
 */
export function relocate(container: Container, folder: string): (value: string) => string {
  const mounts = (container.volumeMounts ?? []).map(({ name, mountPath, subPath }) => ({
    from: mountPath.replace(/\/$/, ''),
    to: join(folder, name, subPath ?? ''),
  }));
  return (value) => {
    const mount = mounts.find(({ from }) => value === from || value.startsWith(`${from}/`));
    return mount ? mount.to + value.slice(mount.from.length) : value;
  };
}

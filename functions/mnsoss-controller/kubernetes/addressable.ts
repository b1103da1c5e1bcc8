import { isAppError } from '../../../shared/runtime/errors.ts';
import type { Cluster } from './cluster.ts';
import { ADDRESSABLES, apiVersionOf, type KubeObject } from './resources.ts';

interface Named {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

/**
 * The address of an object that receives events. `absent`: it does not exist. `unknown`: the controller may not read this
 * kind. `pending`: it has no address yet.
 */
export async function lookUp(
  cluster: Cluster,
  { apiVersion, kind, name }: Named,
  namespace: string,
): Promise<URL | 'absent' | 'pending' | 'unknown'> {
  const resource = ADDRESSABLES.find((known) => apiVersionOf(known) === apiVersion && known.kind === kind);
  if (!resource) return 'unknown';
  let object: KubeObject | undefined;
  try {
    object = await cluster.get(resource, namespace, name);
  } catch (error) {
    if (isAppError(error, 'AccessDenied')) return 'unknown';
    throw error;
  }
  if (!object) return 'absent';
  if (resource.group === '') return new URL(`http://${name}.${namespace}.svc.cluster.local`);
  const { address } = (object.status ?? {}) as { address?: { url?: string } };
  return address?.url && URL.canParse(address.url) ? new URL(address.url) : 'pending';
}

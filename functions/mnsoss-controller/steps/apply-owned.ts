import type { ControllerDeps } from '../deps.ts';
import type { KubeObject, Resource } from '../kubernetes/resources.ts';
import { keyOf, type Source } from '../source/source.ts';

export type Applied = { readonly object: KubeObject } | { readonly taken: string };

/** Applies an object of a source, unless an object with its name belongs to something else. */
export async function applyOwned(
  resource: Resource,
  object: KubeObject,
  source: Source,
  { cluster }: Pick<ControllerDeps, 'cluster'>,
): Promise<Applied> {
  const { namespace } = keyOf(source);
  const { name } = object.metadata;
  const existing = await cluster.get(resource, namespace, name);
  const ours = existing?.metadata.ownerReferences?.some(({ uid }) => uid === source.metadata.uid);
  if (existing && !ours) {
    return {
      taken: `${resource.kind} ${name} exists and is not this source's: delete it, or rename the source`,
    };
  }
  return { object: await cluster.apply(resource, object) };
}

import { CRDS } from './registry.ts';
import type { Resource } from './resource.ts';
import { type KubeObject, same, type Tree } from './types.ts';

/** The status is written only through its subresource, which writes nothing else. */
export function restrict(
  resource: Resource,
  subresource: string | undefined,
  live: KubeObject,
  wanted: KubeObject,
): KubeObject {
  const object = structuredClone(wanted);
  if (subresource === 'status') {
    const { status } = object;
    const { managedFields } = object.metadata;
    return {
      ...structuredClone(live),
      status,
      metadata: { ...structuredClone(live.metadata), ...(managedFields && { managedFields }) },
    };
  }
  if (resource.subresources.has('status')) {
    if (live.status === undefined) delete object.status;
    else object.status = structuredClone(live.status);
  }
  const { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation } = live.metadata;
  Object.assign(object.metadata, {
    uid,
    creationTimestamp,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    generation,
  });
  for (const [key, value] of Object.entries(object.metadata)) {
    if (value === undefined) delete (object.metadata as unknown as Tree)[key];
  }
  return object;
}

/** Kinds with a generation: custom resources, and built-in ones that controllers observe. */
export function counted(resource: Resource): boolean {
  return resource.custom || resource.group === 'apps' || resource.storage === CRDS;
}

/** The fields that count for the generation: not metadata, nor a status that is a subresource. */
export function countedPart(object: KubeObject): Tree {
  const { metadata: _, status: __, ...rest } = object;
  return rest;
}

/** Whether a write changes nothing. Times of managers do not count. */
export function isUnchanged(live: KubeObject, object: KubeObject): boolean {
  const comparable = ({ metadata, ...rest }: KubeObject) => {
    const { resourceVersion: _, managedFields, ...kept } = metadata;
    const managers = managedFields?.map(({ time: __, ...entry }) => entry);
    return { ...rest, metadata: { ...kept, managers } };
  };
  return same(comparable(live), comparable(object));
}

import { type Context, timestamp } from './context.ts';
import { convertTo } from './convert.ts';
import { type ApiRequest, decode, isDryRun } from './request.ts';
import type { Resource } from './resource.ts';
import { conflict } from './status.ts';
import { at, type KubeObject, type Tree } from './types.ts';
import { liveObject, subjectOf } from './write.ts';

export interface DeleteOptions {
  readonly propagationPolicy?: string;
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

function deleteOptions(request: ApiRequest): DeleteOptions {
  const body = request.body ? (decode(request) as DeleteOptions & { orphanDependents?: boolean }) : {};
  const { query } = request;
  const grace = query.get('gracePeriodSeconds');
  return {
    ...body,
    ...(query.has('propagationPolicy') && { propagationPolicy: query.get('propagationPolicy')! }),
    ...(grace !== null && { gracePeriodSeconds: Number(grace) }),
  };
}

/** The object with its deletion mark, or a `Status` when it is deleted. */
export function deleteObject(context: Context, request: ApiRequest): Tree {
  const { resource } = request;
  const live = liveObject(context, request);
  const options = deleteOptions(request);
  const { uid, resourceVersion } = options.preconditions ?? {};
  if (uid && uid !== live.metadata.uid) {
    throw conflict(
      subjectOf(request),
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid}`,
    );
  }
  if (resourceVersion && resourceVersion !== live.metadata.resourceVersion)
    throw conflict(subjectOf(request));
  if (isDryRun(request)) return gone(resource, live);
  const left = markDeleted(context, resource, live, options);
  return left ? convertTo(resource, left) : gone(resource, live);
}

/** Deletes the object, or marks it while finalizers or a pod's grace period keep it. */
export function markDeleted(
  { store, now }: Context,
  resource: Resource,
  live: KubeObject,
  { propagationPolicy, gracePeriodSeconds }: DeleteOptions,
): KubeObject | undefined {
  const finalizers = new Set(live.metadata.finalizers);
  if (propagationPolicy === 'Foreground') finalizers.add('foregroundDeletion');
  if (propagationPolicy === 'Orphan') finalizers.add('orphan');
  const grace = graceOf(resource, live, gracePeriodSeconds);
  const isDeletedLater = finalizers.size > 0 || grace > 0 || resource.storage === '/namespaces';
  if (!isDeletedLater) {
    store.remove(resource.storage, live);
    return undefined;
  }
  const { metadata } = live;
  if (
    metadata.deletionTimestamp &&
    metadata.finalizers?.length === finalizers.size &&
    grace >= (metadata.deletionGracePeriodSeconds ?? 0)
  ) {
    return live;
  }
  const marked: KubeObject = {
    ...live,
    metadata: {
      ...metadata,
      ...(finalizers.size > 0 && { finalizers: [...finalizers] }),
      deletionTimestamp: metadata.deletionTimestamp ?? timestamp(now() + grace * 1000),
      deletionGracePeriodSeconds: grace,
      ...(metadata.generation !== undefined &&
        !metadata.deletionTimestamp && { generation: metadata.generation + 1 }),
    },
  };
  if (resource.storage === '/namespaces') marked.status = { phase: 'Terminating' };
  return store.put(resource.storage, marked);
}

/** The kubelet deletes a pod that is on a node. */
function graceOf(resource: Resource, live: KubeObject, asked: number | undefined): number {
  if (resource.storage !== '/pods' || !at(live, 'spec', 'nodeName')) return 0;
  const phase = at(live, 'status', 'phase');
  if (phase === 'Succeeded' || phase === 'Failed') return 0;
  return asked ?? Number(at(live, 'spec', 'terminationGracePeriodSeconds') ?? 30);
}

function gone({ group, plural }: Resource, { metadata }: KubeObject): Tree {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: metadata.name, ...(group && { group }), kind: plural, uid: metadata.uid },
  };
}

import { checkPolicies } from './access/policies.ts';
import { checkNamespace, finish, placed, strictly } from './admit.ts';
import { counted, countedPart, isUnchanged, restrict } from './changes.ts';
import { type Context, timestamp } from './context.ts';
import { convertTo } from './convert.ts';
import { ownable, readOwned, trackUpdate, type Writer, writeOwned } from './patch/managed-fields.ts';
import { type ApiRequest, isDryRun } from './request.ts';
import { groupVersion, type Resource } from './resource.ts';
import { alreadyExists, badRequest, conflict, invalid, notFound } from './status.ts';
import { type KubeObject, same, type Tree } from './types.ts';

export interface Written {
  readonly object: KubeObject;
  readonly code: 200 | 201;
  readonly warnings: readonly string[];
}

/** How a write makes the new state. */
export type Change = (live: KubeObject | undefined) => KubeObject;

export function subjectOf({ resource, name }: Pick<ApiRequest, 'resource' | 'name'>) {
  return { group: resource.group, kind: resource.plural, ...(name && { name }) };
}

export function liveObject({ store }: Context, request: ApiRequest): KubeObject {
  const { resource, namespace, name = '' } = request;
  const live = store.get(resource.storage, namespace, name);
  if (!live) throw notFound(subjectOf(request));
  return convertTo(resource, live);
}

export function writerOf(context: Context, { query, userAgent, resource, subresource }: ApiRequest): Writer {
  return {
    manager: query.get('fieldManager') || userAgent.split('/')[0] || 'unknown',
    apiVersion: groupVersion(resource),
    time: timestamp(context.now()),
    ...(subresource && { subresource }),
  };
}

export function createObject(context: Context, request: ApiRequest, body: Tree): Written {
  const { store } = context;
  const { resource, namespace, query } = request;
  const object = structuredClone(body) as KubeObject;
  const unknown = strictly(request, object);
  object.metadata = { ...(object.metadata ?? {}) } as KubeObject['metadata'];
  const { metadata } = object;
  if (metadata.resourceVersion)
    throw badRequest('resourceVersion should not be set on objects to be created');
  if (!metadata.name && metadata.generateName) {
    metadata.name = `${metadata.generateName}${context.newUid().slice(0, 5)}`;
  }
  placed(request, object);
  if (namespace) checkNamespace(context, namespace);
  const named = { ...request, name: metadata.name };
  if (store.get(resource.storage, namespace, metadata.name)) throw alreadyExists(subjectOf(named));

  metadata.uid = context.newUid();
  metadata.creationTimestamp = timestamp(context.now());
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  if (counted(resource)) metadata.generation = 1;
  if (resource.subresources.has('status')) delete object.status;
  const managedBySelf = metadata.managedFields;
  finish(context, resource, object, undefined);
  checkPolicies(context, request, object, undefined);
  if (!managedBySelf?.length) trackUpdate(undefined, object, resource.schema, writerOf(context, request));
  if (isDryRun({ query })) return { object, code: 201, warnings: unknown };
  return { object: convertTo(resource, store.put(resource.storage, object)), code: 201, warnings: unknown };
}

/** Update and every patch. `change` makes the new object from the live one. */
export function changeObject(context: Context, request: ApiRequest, change: Change): Written {
  const { store } = context;
  const { resource, name = '', subresource } = request;
  const live = liveObject(context, request);
  const wanted = change(live);
  const unknown = strictly(request, wanted);
  placed(request, wanted);
  const { metadata } = wanted;
  if (metadata.resourceVersion && metadata.resourceVersion !== live.metadata.resourceVersion) {
    throw conflict({ ...subjectOf(request), name });
  }
  if (metadata.uid && metadata.uid !== live.metadata.uid) {
    throw conflict(
      { ...subjectOf(request), name },
      `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${live.metadata.uid}`,
    );
  }
  const object = restrict(resource, subresource, live, wanted);
  const added = (object.metadata.finalizers ?? []).filter((one) => !live.metadata.finalizers?.includes(one));
  if (live.metadata.deletionTimestamp && added.length > 0) {
    const message = 'Forbidden: no new finalizers can be added if the object is being deleted';
    throw invalid({ group: resource.group, kind: resource.kind, name }, [
      { field: 'metadata.finalizers', reason: 'FieldValueForbidden', message },
    ]);
  }
  const applied = isApply(request);
  finish(context, resource, object, live);
  checkPolicies(context, request, object, live);
  if (!applied) trackUpdate(live, object, resource.schema, writerOf(context, request));
  else keepOwnership(object, resource);
  if (counted(resource)) {
    object.metadata.generation =
      (live.metadata.generation ?? 1) + (same(countedPart(live), countedPart(object)) ? 0 : 1);
  }
  if (isUnchanged(live, object)) return { object: live, code: 200, warnings: unknown };
  if (isDryRun(request)) return { object, code: 200, warnings: unknown };
  const stored = store.put(resource.storage, object);
  if (stored.metadata.deletionTimestamp && isReleased(stored)) store.remove(resource.storage, stored);
  return { object: convertTo(resource, stored), code: 200, warnings: unknown };
}

const isReleased = (object: KubeObject) =>
  !object.metadata.finalizers?.length &&
  !object.metadata.deletionGracePeriodSeconds &&
  !(
    object.kind === 'Namespace' && (object.spec as { finalizers?: string[] } | undefined)?.finalizers?.length
  );

const isApply = ({ contentType }: ApiRequest) => contentType.startsWith('application/apply-patch');

/** Fields that pruning removed have no owner. */
function keepOwnership(object: KubeObject, resource: Resource): void {
  const present = ownable(object, resource.schema);
  const owned = readOwned(object).map((one) => ({
    ...one,
    fields: new Set([...one.fields].filter((path) => present.has(path))),
  }));
  writeOwned(object, owned);
}

import { type Context, timestamp } from './context.ts';
import { convertTo } from './convert.ts';
import { establish, validateCrd } from './crd.ts';
import { serverSideApply } from './patch/apply.ts';
import { ownable, readOwned, trackUpdate, type Writer, writeOwned } from './patch/managed-fields.ts';
import { CRD_FINALIZER, CRDS } from './registry.ts';
import { type ApiRequest, isDryRun } from './request.ts';
import { groupVersion, type Resource } from './resource.ts';
import { checkRules } from './schema/cel.ts';
import { applyDefaults } from './schema/default.ts';
import { prune } from './schema/prune.ts';
import { validate } from './schema/validate.ts';
import { alreadyExists, badRequest, type Cause, conflict, forbidden, invalid, notFound } from './status.ts';
import { isTree, type KubeObject, same, type Tree } from './types.ts';

export interface Written {
  readonly object: KubeObject;
  readonly code: 200 | 201;
  readonly warnings: readonly string[];
}

/** How the new state comes about. */
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
  if (!managedBySelf?.length) trackUpdate(undefined, object, resource.schema, writerOf(context, request));
  if (isDryRun({ query })) return { object, code: 201, warnings: unknown };
  return { object: convertTo(resource, store.put(resource.storage, object)), code: 201, warnings: unknown };
}

/** Update and every patch: `change` makes the new object of the live one. */
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

/** What defaults and pruning took away is owned by nobody. */
function keepOwnership(object: KubeObject, resource: Resource): void {
  const present = ownable(object, resource.schema);
  const owned = readOwned(object).map((one) => ({
    ...one,
    fields: new Set([...one.fields].filter((path) => present.has(path))),
  }));
  writeOwned(object, owned);
}

/** The server-side apply of an object that may not be there yet. */
export function applyObject(context: Context, request: ApiRequest, applied: KubeObject): Written {
  const { store } = context;
  const { resource, namespace, name = '', query, subresource } = request;
  if (!query.get('fieldManager')) {
    throw invalid({ kind: 'PatchOptions', group: 'meta.k8s.io', name: '' }, [
      {
        field: 'fieldManager',
        reason: 'FieldValueRequired',
        message: 'Required value: is required for apply patch',
      },
    ]);
  }
  if (applied.metadata?.managedFields?.length) throw badRequest('metadata.managedFields must be nil');
  const force = query.get('force') === 'true';
  const writer = writerOf(context, request);
  const unknown = strictly(request, applied);
  const merge = (live: KubeObject | undefined) => {
    const own = subresource ? onlyPart(applied, subresource, resource) : withoutStatus(applied, resource);
    return serverSideApply(live, own, resource.schema, writer, force);
  };
  if (store.get(resource.storage, namespace, name)) {
    const done = changeObject(context, request, merge);
    return { ...done, warnings: unknown };
  }
  if (subresource) throw notFound(subjectOf(request));
  // Applying what is not there creates it, which the permission to patch does not cover.
  const { group, plural } = resource;
  context.access.check(request.user, {
    verb: 'create',
    group,
    resource: plural,
    name,
    ...(namespace && { namespace }),
  });
  const fresh = merge(undefined);
  return {
    ...createObject(context, { ...request, query: new URLSearchParams([...query]) }, fresh),
    warnings: unknown,
  };
}

const withoutStatus = (object: KubeObject, resource: Resource): KubeObject => {
  if (!resource.subresources.has('status')) return object;
  const { status: _, ...kept } = object;
  return kept as KubeObject;
};

const onlyPart = (object: KubeObject, part: string, _resource: Resource): KubeObject =>
  ({
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { name: object.metadata.name },
    [part]: object[part],
  }) as unknown as KubeObject;

/** Status is written through its subresource only, and nothing else through it. */
function restrict(
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

/** Name, namespace, kind and version must be those of the path. */
function placed({ resource, namespace, name }: ApiRequest, object: KubeObject): void {
  const apiVersion = groupVersion(resource);
  object.apiVersion ??= apiVersion;
  object.kind ??= resource.kind;
  if (object.apiVersion !== apiVersion || object.kind !== resource.kind) {
    throw badRequest(
      `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: the object is a ${object.kind} of ${object.apiVersion}`,
    );
  }
  const { metadata } = object;
  if (name && metadata.name && metadata.name !== name) {
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${name})`,
    );
  }
  if (name) metadata.name = name;
  if (namespace && metadata.namespace && metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (namespace) metadata.namespace = namespace;
  else delete metadata.namespace;
  const { kind, group } = resource;
  if (!metadata.name) {
    const message = 'Required value: name or generateName is required';
    throw invalid({ group, kind, name: '' }, [
      { field: 'metadata.name', reason: 'FieldValueRequired', message },
    ]);
  }
  const pattern = group === 'rbac.authorization.k8s.io' ? /^[^/%]+$/ : /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
  if (!pattern.test(metadata.name) || metadata.name.length > 253) {
    const message = `Invalid value: ${JSON.stringify(metadata.name)}: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`;
    throw invalid({ group, kind, name: metadata.name }, [
      { field: 'metadata.name', reason: 'FieldValueInvalid', message },
    ]);
  }
}

function checkNamespace({ store }: Context, namespace: string): void {
  const found = store.get('/namespaces', undefined, namespace);
  if (!found) throw notFound({ kind: 'namespaces', name: namespace });
  if (found.metadata.deletionTimestamp) {
    throw forbidden(`unable to create new content in namespace ${namespace} because it is being terminated`);
  }
}

/** Unknown fields: refused, told as warnings, or dropped in silence, as the client asks. */
function strictly({ resource, query }: ApiRequest, object: Tree): string[] {
  const mode = query.get('fieldValidation') ?? 'Warn';
  const unknown = prune(object, resource.schema);
  const lines = unknown.map((field) => `unknown field "${field}"`);
  if (mode === 'Strict' && lines.length > 0) {
    const names = lines.join(', ');
    throw badRequest(
      `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: strict decoding error: ${names}`,
    );
  }
  return mode === 'Warn' ? lines : [];
}

/** Defaults and every check of the finished object. */
function finish(
  context: Context,
  resource: Resource,
  object: KubeObject,
  live: KubeObject | undefined,
): void {
  convertWriteOnly(object);
  applyDefaults(object, resource.schema);
  const causes = [
    ...validate(object, resource.schema),
    ...checkRules(object, live, resource.schema),
    ...kindRules(context, resource, object, live),
  ];
  if (causes.length > 0) {
    throw invalid({ group: resource.group, kind: resource.kind, name: object.metadata.name }, causes);
  }
  if (resource.storage === CRDS) {
    establish(object, timestamp(context.now()));
    if (!live) object.metadata.finalizers = [...(object.metadata.finalizers ?? []), CRD_FINALIZER];
  }
  if (resource.storage === '/namespaces') {
    object.spec ??= { finalizers: ['kubernetes'] };
    object.status = { phase: object.metadata.deletionTimestamp ? 'Terminating' : 'Active' };
  }
  if (resource.storage === '/pods') object.status ??= { phase: 'Pending', qosClass: 'BestEffort' };
}

/** `stringData` of a Secret is an entrance only. */
function convertWriteOnly(object: KubeObject): void {
  if (object.kind !== 'Secret' || !isTree(object.stringData)) return;
  const encoded = Object.entries(object.stringData).map(([key, text]) => [
    key,
    Buffer.from(String(text)).toString('base64'),
  ]);
  object.data = { ...(object.data as Tree | undefined), ...Object.fromEntries(encoded) };
  delete object.stringData;
}

function kindRules(
  _context: Context,
  { storage }: Resource,
  object: KubeObject,
  live: KubeObject | undefined,
): Cause[] {
  if (storage === CRDS) return validateCrd(object);
  if (storage === 'apps/deployments') return deploymentRules(object, live);
  if (
    storage.startsWith('rbac.') &&
    storage.endsWith('bindings') &&
    live &&
    !same(live.roleRef, object.roleRef)
  ) {
    return [
      {
        field: 'roleRef',
        reason: 'FieldValueInvalid',
        message: 'Invalid value: "object": cannot change roleRef',
      },
    ];
  }
  return [];
}

function deploymentRules(object: KubeObject, live: KubeObject | undefined): Cause[] {
  const spec = object.spec as { selector: { matchLabels?: Record<string, string> }; template: Tree };
  const labels = (spec.template.metadata as { labels?: Record<string, string> } | undefined)?.labels ?? {};
  const causes: Cause[] = [];
  const entries = Object.entries(spec.selector.matchLabels ?? {});
  if (entries.some(([key, value]) => labels[key] !== value)) {
    const message = 'Invalid value: "object": `selector` does not match template `labels`';
    causes.push({ field: 'spec.template.metadata.labels', reason: 'FieldValueInvalid', message });
  }
  if (live && !same((live.spec as Tree).selector, spec.selector)) {
    const message = 'Invalid value: "object": field is immutable';
    causes.push({ field: 'spec.selector', reason: 'FieldValueInvalid', message });
  }
  return causes;
}

/** Kinds whose generation counts: custom resources, and the built-in ones that controllers observe. */
function counted(resource: Resource): boolean {
  return resource.custom || resource.group === 'apps' || resource.storage === CRDS;
}

/** Without status where that is a subresource; metadata never counts. */
function countedPart(object: KubeObject): Tree {
  const { metadata: _, status: __, ...rest } = object;
  return rest;
}

/** Writing what is there already is no write: times of managers alone do not count. */
function isUnchanged(live: KubeObject, object: KubeObject): boolean {
  const comparable = ({ metadata, ...rest }: KubeObject) => {
    const { resourceVersion: _, managedFields, ...kept } = metadata;
    const managers = managedFields?.map(({ time: __, ...entry }) => entry);
    return { ...rest, metadata: { ...kept, managers } };
  };
  return same(comparable(live), comparable(object));
}

import { type Context, timestamp } from './context.ts';
import { establish } from './crd.ts';
import { kindRules } from './kind-rules.ts';
import { CRD_FINALIZER, CRDS } from './registry.ts';
import type { ApiRequest } from './request.ts';
import { groupVersion, type Resource } from './resource.ts';
import { checkRules } from './schema/cel.ts';
import { applyDefaults } from './schema/default.ts';
import { prune } from './schema/prune.ts';
import { validate } from './schema/validate.ts';
import { badRequest, type Cause, forbidden, invalid, notFound } from './status.ts';
import { isTree, type KubeObject, type Tree } from './types.ts';

/** Name, namespace, kind and version must be those of the path. */
export function placed({ resource, namespace, name }: ApiRequest, object: KubeObject): void {
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

/** New objects need a namespace that exists and is not being deleted. */
export function checkNamespace({ store }: Context, namespace: string): void {
  const found = store.get('/namespaces', undefined, namespace);
  if (!found) throw notFound({ kind: 'namespaces', name: namespace });
  if (found.metadata.deletionTimestamp) {
    throw forbidden(`unable to create new content in namespace ${namespace} because it is being terminated`);
  }
}

/** Unknown fields are rejected, reported as warnings or dropped silently, as the client requests. */
export function strictly({ resource, query }: ApiRequest, object: Tree): string[] {
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
export function finish(
  context: Context,
  resource: Resource,
  object: KubeObject,
  live: KubeObject | undefined,
): void {
  convertWriteOnly(object);
  applyDefaults(object, resource.schema);
  const causes = faultsOf(resource, object, live);
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

/** `stringData` of a Secret is only written, and stored in `data`. */
function convertWriteOnly(object: KubeObject): void {
  if (object.kind !== 'Secret' || !isTree(object.stringData)) return;
  const encoded = Object.entries(object.stringData).map(([key, text]) => [
    key,
    Buffer.from(String(text)).toString('base64'),
  ]);
  object.data = { ...(object.data as Tree | undefined), ...Object.fromEntries(encoded) };
  delete object.stringData;
}

/** Rules in CEL are checked only for an object with a valid shape, on which they rely. */
function faultsOf(resource: Resource, object: KubeObject, live: KubeObject | undefined): Cause[] {
  const faults = validate(object, resource.schema);
  if (faults.some(({ reason }) => MISSHAPEN.has(reason))) return faults;
  return [...faults, ...checkRules(object, live, resource.schema), ...kindRules(resource, object, live)];
}

const MISSHAPEN = new Set([
  'FieldValueRequired',
  'FieldValueTypeInvalid',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueDuplicate',
]);

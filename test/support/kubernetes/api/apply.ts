import { strictly } from './admit.ts';
import type { Context } from './context.ts';
import { serverSideApply } from './patch/apply.ts';
import type { ApiRequest } from './request.ts';
import type { Resource } from './resource.ts';
import { badRequest, invalid, notFound } from './status.ts';
import type { KubeObject } from './types.ts';
import { changeObject, createObject, subjectOf, type Written, writerOf } from './write.ts';

/** Server-side apply of an object that may not exist yet. */
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
    const own = subresource ? onlyPart(applied, subresource) : withoutStatus(applied, resource);
    return serverSideApply(live, own, resource.schema, writer, force);
  };
  if (store.get(resource.storage, namespace, name)) {
    const done = changeObject(context, request, merge);
    return { ...done, warnings: unknown };
  }
  if (subresource) throw notFound(subjectOf(request));
  // Applying a missing object creates it, which needs another permission than patching.
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
    ...createObject(context, request, fresh),
    warnings: unknown,
  };
}

const withoutStatus = (object: KubeObject, resource: Resource): KubeObject => {
  if (!resource.subresources.has('status')) return object;
  const { status: _, ...kept } = object;
  return kept as KubeObject;
};

const onlyPart = (object: KubeObject, part: string): KubeObject =>
  ({
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { name: object.metadata.name },
    [part]: object[part],
  }) as unknown as KubeObject;

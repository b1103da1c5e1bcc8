import type { Context } from './context.ts';
import { convertTo } from './convert.ts';
import type { ApiRequest } from './request.ts';
import { groupVersion } from './resource.ts';
import { fieldSelector, labelSelector, type Predicate } from './selectors.ts';
import { ApiError, badRequest, gone } from './status.ts';
import { partialMetadata, tableOf, viewOf } from './table.ts';
import type { KubeObject, Tree } from './types.ts';
import { liveObject } from './write.ts';

export function getObject(context: Context, request: ApiRequest): Tree {
  return shown(context, request, liveObject(context, request));
}

/** One object in the form that the client accepts. */
export function shown(context: Context, { resource, accept }: ApiRequest, object: KubeObject): Tree {
  const view = viewOf(accept);
  if (view === 'table') return tableOf(resource, [object], context.now());
  return view === 'metadata' ? partialMetadata(object) : object;
}

/** The objects that a list or watch selects. */
export function selectorOf({ resource, query, name }: ApiRequest): Predicate {
  const byLabel = labelSelector(query.get('labelSelector'));
  const byField = fieldSelector(query.get('fieldSelector'), resource.custom);
  return (object) => byLabel(object) && byField(object) && (!name || object.metadata.name === name);
}

export function listObjects(context: Context, request: ApiRequest): Tree {
  const { store, now } = context;
  const { resource, namespace, query, accept } = request;
  checkFreshness(context, query);
  const selects = selectorOf(request);
  const found = store
    .list(resource.storage, namespace)
    .map((object) => convertTo(resource, object))
    .filter(selects);
  const page = paged(context, query, found);
  const metadata = { resourceVersion: page.revision, ...page.metadata };
  const view = viewOf(accept);
  if (view === 'table') return tableOf(resource, page.items, now(), metadata);
  if (view === 'metadata') {
    return {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata,
      items: page.items.map(partialMetadata),
    };
  }
  return { kind: `${resource.kind}List`, apiVersion: groupVersion(resource), metadata, items: page.items };
}

/** A client with a newer version than ours must wait, as after a restore. */
function checkFreshness({ store }: Context, query: URLSearchParams): void {
  const wanted = query.get('resourceVersion');
  if (!wanted || query.has('continue')) return;
  if (!/^\d+$/.test(wanted)) throw badRequest(`resourceVersion: Invalid value: ${JSON.stringify(wanted)}`);
  if (Number(wanted) > store.revision()) {
    throw new ApiError(
      504,
      'Timeout',
      `Too large resource version: ${wanted}, current: ${store.revision()}`,
      {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      },
    );
  }
}

interface Page {
  readonly items: readonly KubeObject[];
  readonly revision: string;
  readonly metadata: Tree;
}

/** `limit` and `continue`. The token names the last object and the revision of the first page. */
function paged({ store }: Context, query: URLSearchParams, found: readonly KubeObject[]): Page {
  const limit = Number(query.get('limit') ?? 0);
  const token = query.get('continue');
  const { revision, after } = token ? readToken(token) : { revision: store.revision(), after: '' };
  if (token && revision < store.oldest()) {
    throw gone('The provided continue parameter is too old to display a consistent list result.');
  }
  const rest = found.filter((object) => keyOf(object) > after);
  const items = limit > 0 ? rest.slice(0, limit) : rest;
  const left = rest.length - items.length;
  const next =
    left > 0 ? { continue: writeToken(revision, keyOf(items.at(-1)!)), remainingItemCount: left } : {};
  return { items, revision: String(revision), metadata: next };
}

const keyOf = ({ metadata }: KubeObject) => `${metadata.namespace ?? ''}/${metadata.name}`;

const writeToken = (revision: number, after: string) =>
  Buffer.from(JSON.stringify({ revision, after })).toString('base64url');

function readToken(token: string): { revision: number; after: string } {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch {
    throw badRequest('continue key is not valid');
  }
}

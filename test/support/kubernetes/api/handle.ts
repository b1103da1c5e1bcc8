import type { ServerResponse } from 'node:http';
import { applyPatch, type Operation } from 'rfc6902';
import { applyObject } from './apply.ts';
import type { Context } from './context.ts';
import { deleteObject, markDeleted } from './delete.ts';
import { mergePatch } from './patch/merge.ts';
import { strategicPatch } from './patch/strategic.ts';
import { getObject, listObjects, selectorOf, shown } from './read.ts';
import { type ApiRequest, decode } from './request.ts';
import { answerReview } from './reviews.ts';
import { ApiError, invalid, methodNotAllowed, unsupportedMediaType } from './status.ts';
import { changeScale, podLog, requestToken, scaleOf } from './subresources.ts';
import type { KubeObject, Tree } from './types.ts';
import { changeObject, createObject, liveObject, type Written } from './write.ts';

export interface Reply {
  readonly code: number;
  readonly body: Tree;
  readonly warnings?: readonly string[];
}

/** All requests except watches: one request, one reply. `verb` is RBAC's verb. */
export async function handle(
  context: Context,
  verb: string,
  request: ApiRequest,
  response: ServerResponse,
): Promise<Reply | undefined> {
  const { subresource, resource } = request;
  if (subresource === 'log') return sendLog(await podLog(context, request), response);
  if (subresource === 'token') return { code: 201, body: requestToken(context, request) };
  if (subresource === 'scale') return { code: 200, body: scaled(context, verb, request) };
  if (subresource === 'binding') return { code: 201, body: bindPod(context, request) };
  if (!resource.verbs.includes('get')) return { code: 201, body: answerReview(context, request) };
  switch (verb) {
    case 'get':
      return { code: 200, body: getObject(context, request) };
    case 'list':
      return { code: 200, body: listObjects(context, request) };
    case 'create':
      return reply(context, request, createObject(context, request, decode(request)));
    case 'update':
      return reply(
        context,
        request,
        changeObject(context, request, () => decode(request) as KubeObject),
      );
    case 'patch':
      return reply(context, request, patchObject(context, request));
    case 'delete':
      return { code: 200, body: deleteObject(context, request) };
    case 'deletecollection':
      return { code: 200, body: deleteAll(context, request) };
    default:
      throw methodNotAllowed();
  }
}

const reply = (context: Context, request: ApiRequest, { object, code, warnings }: Written): Reply => ({
  code,
  warnings,
  body: shown(context, request, object),
});

/** How each type of patch makes the new state from the old one. */
function patcher(request: ApiRequest): (target: unknown) => unknown {
  const { resource, contentType } = request;
  const type = contentType.split(';')[0]!.trim();
  const patch = decode(request);
  switch (type) {
    case 'application/merge-patch+json':
      return (target) => mergePatch(target, patch);
    case 'application/json-patch+json':
      return (target) => jsonPatched(target, patch as unknown as Operation[], request);
    case 'application/strategic-merge-patch+json':
      if (resource.custom) break;
      return (target) =>
        strategicPatch(target, patch, request.subresource === 'scale' ? undefined : resource.schema);
    default:
  }
  throw unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml`,
  );
}

function jsonPatched(
  target: unknown,
  operations: readonly Operation[],
  { resource, name = '' }: ApiRequest,
): unknown {
  const patched = structuredClone(target);
  const failure = applyPatch(patched, [...operations]).find((error) => error !== null);
  if (!failure) return patched;
  const message = `Invalid value: the server rejected our request due to an error in our request: ${failure.message}`;
  throw invalid({ group: resource.group, kind: resource.kind, name }, [
    { field: 'patch', reason: 'FieldValueInvalid', message },
  ]);
}

function patchObject(context: Context, request: ApiRequest): Written {
  if (request.contentType.startsWith('application/apply-patch')) {
    return applyObject(
      context,
      request,
      decode({ ...request, contentType: 'application/yaml' }) as KubeObject,
    );
  }
  const patch = patcher(request);
  return changeObject(context, request, (live) => patch(structuredClone(live)) as KubeObject);
}

function scaled(context: Context, verb: string, request: ApiRequest): Tree {
  if (verb === 'get') return scaleOf(request, liveObject(context, request));
  if (verb === 'update') return changeScale(context, request, () => decode(request));
  if (verb === 'patch') return changeScale(context, request, (scale) => patcher(request)(scale) as Tree);
  throw methodNotAllowed();
}

/** Assigns a pod to a node, like a scheduler. */
function bindPod(context: Context, request: ApiRequest): Tree {
  const { target } = decode(request) as { target?: { name?: string } };
  const { subresource: _, ...plain } = request;
  changeObject(context, { ...plain, contentType: 'application/json' }, (live) => ({
    ...live!,
    spec: { ...(live!.spec as Tree), nodeName: target?.name },
  }));
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}

function deleteAll(context: Context, request: ApiRequest): Tree {
  const { store } = context;
  const { resource, namespace } = request;
  const selects = selectorOf(request);
  const items = store.list(resource.storage, namespace).filter(selects);
  for (const item of items) markDeleted(context, resource, item, {});
  return { kind: `${resource.kind}List`, apiVersion: 'v1', metadata: {}, items };
}

async function sendLog(log: Response, response: ServerResponse): Promise<undefined> {
  if (!log.ok) throw new ApiError(log.status, 'InternalError', await log.text());
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.flushHeaders();
  for await (const chunk of log.body as unknown as AsyncIterable<Uint8Array>) response.write(chunk);
  response.end();
}

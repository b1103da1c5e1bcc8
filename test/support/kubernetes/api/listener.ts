import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from './context.ts';
import { discover } from './discovery.ts';
import { handle } from './handle.ts';
import { openApiDocument, openApiIndex, VERSION } from './openapi.ts';
import { parsePath, type ResourcePath } from './paths.ts';
import { CRDS } from './registry.ts';
import { type ApiRequest, readBody } from './request.ts';
import { ApiError, methodNotAllowed, noSuchPath, statusBody } from './status.ts';
import type { Tree } from './types.ts';
import type { Watches } from './watch.ts';

/** Handles every request: user, resource, permission, answer. */
export function createListener(context: Context, watches: Watches) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await answer(context, watches, request, response);
    } catch (error) {
      if (!(error instanceof ApiError)) process.stderr.write(`${(error as Error).stack}\n`);
      if (response.headersSent || response.destroyed) response.destroy();
      else sendError(response, error);
    }
  };
}

async function answer(
  context: Context,
  watches: Watches,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://kubernetes');
  const path = url.pathname.replace(/(.)\/$/, '$1');
  const user = context.tokens.userOf(request.headers.authorization);
  const accept = request.headers.accept ?? 'application/json';
  const plain = request.method === 'GET' ? withoutResource(context, path, accept) : undefined;
  if (plain !== undefined)
    return typeof plain === 'string' ? sendText(response, plain) : send(response, 200, plain);

  const place = parsePath(path);
  const resource = place && context.registry.find(place.group, place.version, place.plural);
  const isThere =
    resource &&
    !place.rest &&
    (!place.subresource || resource.subresources.has(place.subresource)) &&
    (!place.namespace || resource.namespaced);
  if (!isThere) throw noSuchPath();
  const verb = verbOf(request.method ?? '', place, url.searchParams);
  await context.faults.pass(verb, place);
  const { group, plural, namespace, name, subresource } = place;
  context.access.check(user, {
    verb,
    group,
    resource: subresource ? `${plural}/${subresource}` : plural,
    ...(namespace && { namespace }),
    ...(name && { name }),
  });
  const apiRequest: ApiRequest = {
    resource,
    ...(namespace && { namespace }),
    ...(name && { name }),
    ...(subresource && { subresource }),
    query: url.searchParams,
    user,
    userAgent: request.headers['user-agent'] ?? '',
    accept,
    contentType: request.headers['content-type'] ?? 'application/json',
    body: await readBody(request),
  };
  if (verb === 'watch') return watches.start(context, apiRequest, response);
  const reply = await handle(context, verb, apiRequest, response);
  if (reply) send(response, reply.code, reply.body, reply.warnings);
}

/** Discovery, health and versions. */
function withoutResource(
  { registry, store }: Context,
  path: string,
  accept: string,
): Tree | string | undefined {
  if (path === '/version') return { ...VERSION };
  if (path === '/healthz' || path === '/livez' || path === '/readyz') return 'ok';
  const crds = store.list(CRDS).map(({ metadata }) => metadata.resourceVersion);
  if (path === '/openapi/v3') return openApiIndex(registry.all(), crds.join('-') || '0');
  const document = /^\/openapi\/v3\/(.+)$/.exec(path)?.[1];
  if (document) return openApiDocument(document, registry.all());
  return discover(path, accept, registry.all());
}

function verbOf(method: string, { name, subresource }: ResourcePath, query: URLSearchParams): string {
  const isWatch = query.get('watch') === 'true' || query.get('watch') === '1';
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (isWatch && !subresource) return 'watch';
      return name ? 'get' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name ? 'delete' : 'deletecollection';
    default:
      throw methodNotAllowed();
  }
}

function send(response: ServerResponse, code: number, body: Tree, warnings: readonly string[] = []): void {
  const isAggregated = body.kind === 'APIGroupDiscoveryList';
  const parameters = isAggregated ? ';g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' : '';
  response.setHeader('content-type', `application/json${parameters}`);
  if (warnings.length > 0) {
    response.setHeader(
      'warning',
      warnings.map((text) => `299 - ${JSON.stringify(text)}`),
    );
  }
  response.writeHead(code);
  response.end(JSON.stringify(body));
}

function sendText(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.end(text);
}

function sendError(response: ServerResponse, error: unknown): void {
  const known =
    error instanceof ApiError
      ? error
      : new ApiError(500, 'InternalError', `Internal error occurred: ${(error as Error).message}`);
  send(response, known.code, statusBody(known));
}

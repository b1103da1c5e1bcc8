import type { IncomingMessage } from 'node:http';
import { type QueryPair, SIGNED_SUBRESOURCES } from '../../shared/oss/signature-v1.ts';
import { notImplemented, OssError } from './errors.ts';
import { type Address, readAddress } from './http/address.ts';
import { splitTarget } from './http/query.ts';
import { decodeHeaders } from './http/request.ts';
import { ROUTES, type Route } from './routes.ts';

/** Sub-resources that do not choose the operation: they modify it, or it looks at them itself. */
const MODIFIERS: ReadonlySet<string> = new Set([
  'versionId',
  'callback',
  'callback-var',
  'security-token',
  'sequential',
  'withHashContext',
  ...[
    'cache-control',
    'content-disposition',
    'content-encoding',
    'content-language',
    'content-type',
    'expires',
  ].map((name) => `response-${name}`),
]);

/** Parameters beginning with `x-oss-` that are understood, or that change neither meaning nor security. */
const OSS_MODIFIERS: ReadonlySet<string> = new Set([
  'x-oss-process',
  'x-oss-callback',
  'x-oss-callback-var',
  'x-oss-security-token',
  'x-oss-signature',
  'x-oss-signature-version',
  'x-oss-credential',
  'x-oss-date',
  'x-oss-expires',
  'x-oss-additional-headers',
  'x-oss-traffic-limit',
  'x-oss-request-payer',
]);

/** Further parameters of requests that change something. */
const PLAIN_PARAMETERS: ReadonlySet<string> = new Set([
  'OSSAccessKeyId',
  'Expires',
  'Signature',
  'encoding-type',
]);
const READS: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/** The parts of a request that choose its operation. */
export interface RoutedRequest {
  readonly method: string;
  readonly query: readonly QueryPair[];
  readonly headers: Readonly<Record<string, string>>;
}

/** Throws `NotImplemented` for sub-resources this server does not know, `MethodNotAllowed` for methods they have not. */
export function findRoute(request: RoutedRequest, address: Address): Route {
  const level = levelOf(address);
  const query = new Map(request.query);
  const named = subresourcesOf(request, level);
  const fitting = ROUTES.filter(
    (candidate) => candidate.level === level && isSameSet(candidate.query, named),
  );
  const { method } = request;
  if (!READS.includes(method)) refuseUnknown(request.query);
  const found = fitting.find(
    (candidate) => candidate.method === method && (candidate.when?.(query, request.headers) ?? true),
  );
  if (found) return found;
  const unknown = named.find((name) => !ROUTES.some((candidate) => candidate.query.includes(name)));
  if (unknown !== undefined) throw notImplemented(`?${unknown}`);
  throw new OssError('MethodNotAllowed', {
    elements: { Method: request.method, ResourceType: [level, ...named].join('?').toUpperCase() },
    headers: { allow: [...new Set(fitting.map((candidate) => candidate.method))].join(', ') },
  });
}

/**
 * A sub-resource newer than this server, taken for an idle parameter, would make `DELETE /bucket?feature` delete the
 * bucket. Readers may add what they like: the service ignores it.
 */
function refuseUnknown(query: readonly QueryPair[]): void {
  for (const [name] of query) {
    const known = SIGNED_SUBRESOURCES.has(name) || name.startsWith('x-oss-') || PLAIN_PARAMETERS.has(name);
    if (!known) throw notImplemented(`?${name}`);
  }
}

/** In the route table's terms: sorted out of the query, without modifiers. */
function subresourcesOf({ method, query }: RoutedRequest, level: Route['level']): string[] {
  const named: string[] = [];
  for (const [name] of query) {
    if (name.startsWith('x-oss-')) {
      if (!OSS_MODIFIERS.has(name)) throw notImplemented(`?${name}`);
      if (name === 'x-oss-process' && method === 'POST' && level === 'object') named.push(name);
    } else if (SIGNED_SUBRESOURCES.has(name)) {
      if (!MODIFIERS.has(name)) named.push(name);
    }
  }
  return named;
}

function levelOf({ bucket, key }: Address): Route['level'] {
  if (bucket === undefined) return 'service';
  return key === undefined ? 'bucket' : 'object';
}

function isSameSet(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name));
}

/** The name of the operation a request asks for; `Unknown` when it asks for none there is. */
export function operationOf(message: IncomingMessage): string {
  try {
    const headers = decodeHeaders(message);
    const { path, query } = splitTarget(message.url ?? '/');
    const address = readAddress(headers.host ?? '', path, [])[0]!;
    return findRoute({ method: message.method ?? '', query, headers }, address).operation;
  } catch {
    return 'Unknown';
  }
}

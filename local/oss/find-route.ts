import type { IncomingMessage } from 'node:http';
import { type QueryPair, SIGNED_SUBRESOURCES } from '../../shared/oss/signature-v1.ts';
import { decodeHeaders } from '../../shared/runtime/http.ts';
import type { Headers } from '../http/headers.ts';
import { notImplemented, OssRefusal } from './errors.ts';
import { type Address, readAddress } from './http/address.ts';
import { splitTarget } from './http/query.ts';
import { ROUTES, type Route } from './routes.ts';

/** Sub-resources that do not select the operation but modify it. */
const MODIFIERS = words(`
  versionId callback callback-var security-token sequential withHashContext regionList
  response-cache-control response-content-disposition response-content-encoding response-content-language
  response-content-type response-expires
`);

/** Parameters beginning with `x-oss-` that this server supports, or that change neither meaning nor security. */
const OSS_MODIFIERS = words(`
  x-oss-process x-oss-callback x-oss-callback-var x-oss-security-token x-oss-signature x-oss-signature-version
  x-oss-credential x-oss-date x-oss-expires x-oss-additional-headers x-oss-traffic-limit x-oss-request-payer
  x-oss-access-key-id
`);

/** Parameters that V1 does not sign. */
const PLAIN_PARAMETERS = words(`
  OSSAccessKeyId Expires Signature encoding-type prefix delimiter marker max-keys list-type start-after fetch-owner
  key-marker version-id-marker upload-id-marker max-uploads max-parts part-number-marker tag-key tag-value
  allVersions
`);
/** Sub-resources that V1 does not sign. */
const UNSIGNED_SUBRESOURCES = words('regions cleanRestoredObject');
const READS: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** The parts of a request that select its operation. */
export interface RoutedRequest {
  readonly method: string;
  readonly query: readonly QueryPair[];
  readonly headers: Headers;
}

/** Throws `NotImplemented` for an unknown sub-resource, `MethodNotAllowed` for a method that the resource does not have. */
export function findRoute(request: RoutedRequest, address: Address): Route {
  const level = levelOf(address);
  const query = new Map(request.query);
  const named = subresourcesOf(request, level);
  const fitting = ROUTES.filter(
    (candidate) => candidate.level === level && isSameSet(candidate.query, named),
  );
  const { method } = request;
  refuseUnknown(request, named);
  const found = fitting.find(
    (candidate) => candidate.method === method && (candidate.when?.(query, request.headers) ?? true),
  );
  if (found) return found;
  const unknown = named.find(
    (name) => !ROUTES.some((candidate) => candidate.level === level && candidate.query.includes(name)),
  );
  if (unknown !== undefined) throw notImplemented(`?${unknown}`);
  throw new OssRefusal('MethodNotAllowed', {
    elements: { Method: request.method, ResourceType: [level, ...named].join('?').toUpperCase() },
    headers: { allow: [...new Set(fitting.map((candidate) => candidate.method))].join(', ') },
  });
}

/**
 * Whether a parameter that this server does not know is a sub-resource: it has no value, and its name is one word.
 * A number, such as a time against caches, is none.
 */
function isSubresource([name, value]: QueryPair): boolean {
  return value === '' && /^[a-z][A-Za-z]*$/.test(name) && !isKnown(name);
}

function isKnown(name: string): boolean {
  return (
    SIGNED_SUBRESOURCES.has(name) ||
    UNSIGNED_SUBRESOURCES.has(name) ||
    name.startsWith('x-oss-') ||
    PLAIN_PARAMETERS.has(name)
  );
}

/**
 * The service ignores unknown parameters. This server does so if the request is complete without them: were an unknown
 * sub-resource ignored, `DELETE /bucket?feature` would delete the bucket, and `GET /bucket?feature` list the objects.
 */
function refuseUnknown({ method, query }: RoutedRequest, named: readonly string[]): void {
  const unknown = query.find(
    (pair) => isSubresource(pair) || (!isKnown(pair[0]) && !READS.includes(method) && named.length === 0),
  );
  if (unknown) throw notImplemented(`?${unknown[0]}`);
}

/** The sub-resources in the query, without modifiers. */
function subresourcesOf({ method, query }: RoutedRequest, level: Route['level']): string[] {
  const named: string[] = [];
  for (const [name] of query) {
    if (name.startsWith('x-oss-')) {
      if (!OSS_MODIFIERS.has(name)) throw notImplemented(`?${name}`);
      if (name === 'x-oss-process' && method === 'POST' && level === 'object') named.push(name);
    } else if (SIGNED_SUBRESOURCES.has(name) || UNSIGNED_SUBRESOURCES.has(name)) {
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

/** The name of the operation that a request asks for; `Unknown` if there is none. */
export function operationOf(message: IncomingMessage): string {
  try {
    const headers = decodeHeaders(message.headers);
    const { path, query } = splitTarget(message.url ?? '/');
    const address = readAddress(headers.host ?? '', path, [])[0]!;
    return findRoute({ method: message.method ?? '', query, headers }, address).operation;
  } catch {
    return 'Unknown';
  }
}

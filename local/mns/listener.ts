import { createHash } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { RuntimeDeps } from '../../shared/runtime/deps.ts';
import { isAppError } from '../../shared/runtime/errors.ts';
import { decodeHeaders } from '../../shared/runtime/http.ts';
import { silentLogger } from '../../shared/runtime/log.ts';
import type { Random } from '../../shared/runtime/random.ts';
import { readBody } from '../../shared/runtime/request-body.ts';
import { parseXml, type XmlElement } from '../../shared/runtime/xml.ts';
import type { Permits } from '../access/policy.ts';
import type { Headers } from '../http/headers.ts';
import { hexId } from '../http/ids.ts';
import { toRefusal } from '../http/refusal.ts';
import type { Authenticate } from './authenticate.ts';
import { MnsRefusal } from './errors.ts';
import type { Operations } from './operations/index.ts';
import { matchRoute, type Route } from './routes.ts';
import { errorAnswer, type MnsAnswer, type MnsRequest, writeDocument } from './wire.ts';

/** Room for 16 messages of 64 KB whose characters may all be entities, and their markup. */
const MAX_BODY_BYTES = 1024 * 1024;

export interface ListenerDeps extends RuntimeDeps {
  readonly operations: Operations;
  readonly authenticate: Authenticate;
  readonly owner: { readonly region: string; readonly accountId: string };
}

/** From bytes to operation and back: read, authenticate, route, act, answer. */
export function createListener(deps: ListenerDeps): RequestListener {
  const { logger, random, clock } = deps;
  return (request, response) => {
    const requestId = hexId(random, 24);
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    answerOf(request, gone.signal, deps)
      .catch((error) => {
        // A client that disconnects is not a fault of the server.
        const log = gone.signal.aborted ? silentLogger : logger;
        const refusal = toRefusal(error, MnsRefusal, 'InternalError', { logger: log, requestId });
        return errorAnswer(refusal, requestId, originOf(request));
      })
      .then((answer) => write(response, answer, headersOf(requestId, clock), gone.signal))
      .catch((error) => {
        logger.error({ requestId, err: error }, 'answer could not be written');
        response.destroy();
      });
  };
}

/** Answers a request with a refusal that did not come from an operation. */
export function writeRefusal(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: MnsRefusal,
  { random, clock }: { readonly random: Random; readonly clock: Clock },
): void {
  const requestId = hexId(random, 24);
  write(response, errorAnswer(refusal, requestId, originOf(request)), headersOf(requestId, clock));
}

async function answerOf(
  incoming: IncomingMessage,
  signal: AbortSignal,
  deps: ListenerDeps,
): Promise<MnsAnswer> {
  const { operations, authenticate } = deps;
  const { method = '', url: target = '/' } = incoming;
  const headers = decodeHeaders(incoming.headers);
  const { path, query } = readTarget(target);
  const bytes = await readBody(incoming, { maxBytes: MAX_BODY_BYTES, refuse: tooLarge });
  const permits = authenticate({ method, target, headers });
  checkContent(headers, bytes);
  const body = parseBody(bytes);
  const match = matchRoute({ method, path, query }, body?.name);
  if (!match) throw new MnsRefusal('InvalidRequestURL', `No operation is ${method} ${path}.`);
  if (method !== 'GET') refuseUnknown(query);
  checkRole(permits, match.route, path, deps);
  const { queue = '', topic = '', subscription = '' } = match.params;
  const request: MnsRequest = {
    params: { queue, topic, subscription },
    query,
    headers,
    body,
    origin: originOf(incoming),
    signal,
  };
  return operations[handlerName(match.route.operation)](request);
}

/** doc: the resource of a policy is the path of the request. */
function checkRole(
  permits: Permits | undefined,
  { action }: Route,
  path: string,
  { owner }: ListenerDeps,
): void {
  const resource = `acs:mns:${owner.region}:${owner.accountId}:${path}`;
  if (!permits || permits({ action, resource })) return;
  throw new MnsRefusal('AccessDenied', `The role is not allowed to perform ${action} on ${resource}.`);
}

function tooLarge(): MnsRefusal {
  return new MnsRefusal('InvalidArgument', `The body should not be larger than ${MAX_BODY_BYTES} bytes.`);
}

const WRITE_PARAMETERS = new Set(['accountmeta', 'metaoverride', 'receipthandle', 'visibilitytimeout']);

/** guess: a parameter that this server does not know could change the meaning of a deletion. */
function refuseUnknown(query: ReadonlyMap<string, string>): void {
  for (const name of query.keys()) {
    if (!WRITE_PARAMETERS.has(name)) throw new MnsRefusal('InvalidQueryString', `${name} is unknown here.`);
  }
}

/** The operation that a request names, for faults; only the body tells a batch of messages from a single one. */
export function operationOf(request: IncomingMessage): Route['operation'] | undefined {
  const { path, query } = readTarget(request.url ?? '/');
  return matchRoute({ method: request.method ?? '', path, query })?.route.operation;
}

function handlerName(operation: Route['operation']): keyof Operations {
  return `${operation.charAt(0).toLowerCase()}${operation.slice(1)}` as keyof Operations;
}

function readTarget(target: string): { path: string; query: Map<string, string> } {
  const [path = '/', search = ''] = target.split(/\?(.*)/s);
  const query = new Map([...new URLSearchParams(search)].map(([name, value]) => [name.toLowerCase(), value]));
  return { path, query };
}

/** sdk: most SDKs send the Base64 of the hexadecimal digest, as no other service does; the usual form is valid too. */
function checkContent(headers: Headers, body: Buffer): void {
  const digest = headers['content-md5'];
  if (digest) {
    const md5 = createHash('md5').update(body).digest();
    const accepted = [md5.toString('base64'), Buffer.from(md5.toString('hex')).toString('base64')];
    if (!accepted.includes(digest)) throw new MnsRefusal('InvalidDegist');
  }
  const type = headers['content-type'];
  if (body.length > 0 && type && !/^(text|application)\/xml\b/i.test(type)) {
    throw new MnsRefusal('InvalidContentType');
  }
}

function parseBody(bytes: Buffer): XmlElement | undefined {
  if (bytes.length === 0) return undefined;
  try {
    return parseXml(bytes.toString('utf8'));
  } catch (error) {
    if (isAppError(error, 'InvalidRequest')) throw new MnsRefusal('MalformedXML', error.message);
    throw error;
  }
}

function write(response: ServerResponse, answer: MnsAnswer, headers: Headers, gone?: AbortSignal): void {
  const { status, document, undelivered } = answer;
  if (gone?.aborted) {
    undelivered?.();
    return;
  }
  if (undelivered) gone?.addEventListener('abort', undelivered, { once: true });
  const text = document && writeDocument(document);
  response.writeHead(status, {
    ...headers,
    ...answer.headers,
    ...(text !== undefined && {
      'Content-Type': 'text/xml;charset=utf-8',
      'Content-Length': Buffer.byteLength(text),
    }),
  });
  response.end(text);
}

/** The date is that of the clock that signatures are checked against: clients correct their clock by it. */
function headersOf(requestId: string, clock: Clock): Headers {
  return {
    Server: 'AliyunMQS',
    Date: new Date(clock.now()).toUTCString(),
    'x-mns-request-id': requestId,
    'x-mns-version': '2015-06-06',
  };
}

function originOf(incoming: IncomingMessage): string {
  return `http://${incoming.headers.host ?? 'localhost'}`;
}

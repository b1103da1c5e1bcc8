import { createHash } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Clock } from '../../shared/runtime/clock.ts';
import { isAppError } from '../../shared/runtime/errors.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { Random } from '../../shared/runtime/random.ts';
import { parseXml, type XmlElement } from '../../shared/runtime/xml.ts';
import type { Authenticate } from './authenticate.ts';
import { MnsRefusal } from './errors.ts';
import { hexId } from './receipt-handle.ts';
import type { Operations } from './operations/index.ts';
import { matchRoute, type Route } from './routes.ts';
import { errorDocument, type MnsAnswer, type MnsRequest, writeDocument } from './wire.ts';

/** 64 KB of text, of which each character may be an entity, in 16 messages; the rest is markup. */
const MAX_BODY_BYTES = 1024 * 1024;

export interface ListenerParts {
  readonly operations: Operations;
  /** Absent when signatures are not checked. */
  readonly authenticate: Authenticate | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** From bytes to operation and back: read, authenticate, route, act, answer. */
export function createListener(parts: ListenerParts): RequestListener {
  return (request, response) => {
    const requestId = hexId(parts.random, 24);
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    answerOf(request, gone.signal, parts)
      .catch((error) => {
        const refusal = error instanceof MnsRefusal ? error : new MnsRefusal('InternalError');
        if (refusal !== error && !gone.signal.aborted) {
          parts.logger.error({ requestId, err: error }, 'request failed');
        }
        return {
          status: refusal.status,
          document: errorDocument(refusal, requestId, originOf(request)),
        };
      })
      .then((answer) => write(response, answer, headersOf(requestId, parts.clock), gone.signal))
      .catch((error) => {
        parts.logger.error({ requestId, err: error }, 'answer could not be written');
        response.destroy();
      });
  };
}

async function answerOf(
  incoming: IncomingMessage,
  signal: AbortSignal,
  { operations, authenticate }: ListenerParts,
): Promise<MnsAnswer> {
  const method = incoming.method ?? '';
  const headers = utf8Headers(incoming);
  const { path, query } = readTarget(incoming.url ?? '/');
  const bytes = await readBody(incoming);
  authenticate?.({ method, target: incoming.url ?? '/', headers });
  checkContent(headers, bytes);
  const body = parseBody(bytes);
  const match = matchRoute({ method, path, query }, body?.name);
  if (!match) throw new MnsRefusal('InvalidRequestURL', `No operation is ${method} ${path}.`);
  if (method !== 'GET') refuseUnknown(query);
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

const WRITE_PARAMETERS = new Set(['accountmeta', 'metaoverride', 'receipthandle', 'visibilitytimeout']);

/** guess: a parameter that this server does not know might have made a deletion something else. */
function refuseUnknown(query: ReadonlyMap<string, string>): void {
  for (const name of query.keys()) {
    if (!WRITE_PARAMETERS.has(name)) throw new MnsRefusal('InvalidQueryString', `${name} is unknown here.`);
  }
}

/** The operation that a request names, for faults and metrics; a batch of messages is told only by its body. */
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

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const { 'content-length': announced = '0', 'transfer-encoding': encoding } = incoming.headers;
  if (announced === '0' && encoding === undefined) return Buffer.alloc(0);
  let size = 0;
  // An announced size is refused before it is read, so that the client is there to hear it.
  checkBodySize(Number(announced));
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    checkBodySize(size);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function checkBodySize(size: number): void {
  if (size <= MAX_BODY_BYTES) return;
  throw new MnsRefusal('InvalidArgument', `The body should not be larger than ${MAX_BODY_BYTES} bytes.`);
}

/** sdk: most SDKs send the Base64 of the hexadecimal digest, as no other service does; the usual form passes too. */
function checkContent(headers: Readonly<Record<string, string>>, body: Buffer): void {
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

function write(
  response: ServerResponse,
  answer: MnsAnswer,
  headers: Readonly<Record<string, string>>,
  gone: AbortSignal,
): void {
  if (gone.aborted) {
    answer.undelivered?.();
    return;
  }
  if (answer.undelivered) gone.addEventListener('abort', answer.undelivered, { once: true });
  const text = answer.document && writeDocument(answer.document);
  response.writeHead(answer.status, {
    ...headers,
    ...answer.headers,
    ...(text !== undefined && {
      'Content-Type': 'text/xml;charset=utf-8',
      'Content-Length': Buffer.byteLength(text),
    }),
  });
  response.end(text);
}

/** The date is that of the clock by which signatures are judged: clients correct theirs with it. */
function headersOf(requestId: string, clock: Clock): Record<string, string> {
  return {
    Server: 'AliyunMQS',
    Date: new Date(clock.now()).toUTCString(),
    'x-mns-request-id': requestId,
    'x-mns-version': '2015-06-06',
  };
}

/** Header bytes are UTF-8; Node gives one character a byte. */
function utf8Headers(incoming: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Buffer.from(String(value), 'latin1').toString('utf8'),
    ]),
  );
}

function originOf(incoming: IncomingMessage): string {
  return `http://${incoming.headers.host ?? 'localhost'}`;
}

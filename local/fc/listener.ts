import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { Authenticate } from './authenticate.ts';
import { FcRefusal } from './errors.ts';
import type { InvocationResult } from './function.ts';
import { sendHttpReply, toHttpEvent } from './http-event.ts';
import { type FcRoute, findRoute } from './routes.ts';
import type { LocalFc } from './types.ts';

export interface ListenerParts {
  readonly fc: Pick<LocalFc, 'invoke' | 'invokeAsync'>;
  readonly authenticate: Authenticate;
  /** Throws `FcRefusal` for an unknown function. */
  readonly serviceOf: (functionName: string) => string | undefined;
  readonly region: string;
  readonly accountId: string;
  readonly newId: () => string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** doc: bytes of the log that `x-fc-log-type: Tail` gives. */
const LOG_TAIL_BYTES = 4096;
/** More than the largest event, so that a larger one is refused by its size and not by a broken connection. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export function createListener(parts: ListenerParts): RequestListener {
  return (request, response) => {
    const route = findRoute(request.method ?? 'GET', request.url ?? '/');
    serve(request, response, route, parts).catch((error: unknown) => {
      if (response.destroyed || response.headersSent) return;
      const refusal =
        error instanceof FcRefusal
          ? error
          : new FcRefusal('InternalServerError', 'an internal error occurred');
      if (refusal !== error) parts.logger.error({ url: request.url, err: error }, 'request failed');
      sendRefusal(response, refusal, route, parts.newId());
    });
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  route: FcRoute | undefined,
  parts: ListenerParts,
): Promise<void> {
  const body = await readBody(request);
  if (!route) return void response.writeHead(404).end();
  const { fc, authenticate, serviceOf, accountId, newId, clock } = parts;
  // guess: an HTTP trigger here is anonymous.
  if (route.kind === 'invoke') {
    const { method = '', url: target = '/' } = request;
    authenticate({ method, target, headers: textHeaders(request), body }, route.api);
  }
  assertService(serviceOf(route.functionName), route);
  const header = (name: string) => textHeaders(request)[name];
  const event =
    route.kind === 'invoke'
      ? body
      : toHttpEvent(request, body, { path: route.path, requestId: newId(), accountId, now: clock.now() });

  if (header('x-fc-invocation-type')?.toLowerCase() === 'async') {
    // sdk: each version has its own header for a task's id.
    const taskId = header('x-fc-async-task-id') ?? header('x-fc-stateful-async-invocation-id');
    const requestId = fc.invokeAsync(route.functionName, event, taskId);
    return void response.writeHead(202, { 'x-fc-request-id': requestId }).end();
  }
  const result = await fc.invoke(route.functionName, event);
  if (route.kind === 'invoke') return sendResult(response, result, header('x-fc-log-type') === 'Tail');
  if (result.errorType === undefined) return sendHttpReply(response, result.body);
  // guess: the status of an HTTP trigger whose function failed.
  response.writeHead(502, { 'x-fc-error-type': result.errorType, 'content-type': 'application/json' });
  response.end(result.body);
}

function assertService(service: string | undefined, route: FcRoute): void {
  if (route.service === undefined || service === undefined || route.service === service) return;
  throw new FcRefusal('ServiceNotFound', `service '${route.service}' does not exist`);
}

/** doc: a function that failed is told by a header; the call itself has succeeded. */
function sendResult(response: ServerResponse, result: InvocationResult, withLog: boolean): void {
  const { requestId, body, errorType, durationMs, maxMemoryMb, log } = result;
  response.writeHead(200, {
    'x-fc-request-id': requestId,
    'x-fc-invocation-duration': String(Math.round(durationMs)),
    'x-fc-max-memory-usage': maxMemoryMb.toFixed(2),
    'content-type': errorType === undefined ? 'application/octet-stream' : 'application/json',
    ...(errorType !== undefined && { 'x-fc-error-type': errorType }),
    ...(withLog && { 'x-fc-log-result': Buffer.from(log).subarray(-LOG_TAIL_BYTES).toString('base64') }),
  });
  response.end(body);
}

function sendRefusal(
  response: ServerResponse,
  { code, message, status }: FcRefusal,
  route: FcRoute | undefined,
  requestId: string,
): void {
  // sdk: each version has its own names for the fields.
  const body =
    route?.api === '2.0'
      ? { ErrorCode: code, ErrorMessage: message }
      : { Code: code, Message: message, RequestId: requestId };
  response.writeHead(status, { 'x-fc-request-id': requestId, 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new FcRefusal('InvalidArgument', 'the event is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function textHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value ?? '')]));
}

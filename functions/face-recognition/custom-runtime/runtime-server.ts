import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError, toAppError } from '../../../shared/runtime/errors.ts';
import type { InvocationContext } from '../../../shared/runtime/invocation-context.ts';
import { readBody } from '../../../shared/runtime/request-body.ts';
import type { FunctionHooks } from '../managed/hooks.ts';

export interface RuntimeServer {
  readonly port: number;
  /** Accepts no new request; resolves when all others are answered. */
  close(): Promise<void>;
}

export interface RuntimeServerOptions {
  /** 0 takes any free one. */
  readonly port: number;
  readonly host?: string;
  /** Writes the lines that mark the log of an invocation for Function Compute. */
  readonly writeLine: (line: string) => void;
}

/** The largest event that Function Compute passes to a function. */
const MAX_EVENT_BYTES = 32 * 1024 * 1024;

/**
 * Function Compute's contract with custom runtimes and containers: `/initialize`, `/invoke` and `/pre-stop`, and the
 * requests of HTTP triggers at any other path. Invocations may run in parallel.
 *
 * A failure is 404 with `x-fc-status: 404`: without that header Function Compute treats every answer as a success and
 * retries nothing.
 */
export function startRuntimeServer(
  hooks: FunctionHooks,
  { port, host = '0.0.0.0', writeLine }: RuntimeServerOptions,
): Promise<RuntimeServer> {
  let closing = false;
  const server = createServer((request, response) => {
    response.once('close', () => closing && server.closeIdleConnections());
    void route(request, response).catch((error: unknown) => fail(response, error));
  });
  // Function Compute keeps its connections for up to 15 minutes.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 0;

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.headers['x-fc-control-path'] ?? request.url?.split('?')[0];
    if (path === '/healthz') return succeed(response, 'ok\n');
    const context = readContext(request.headers);
    if (!context) {
      response.writeHead(400, { 'content-type': 'text/plain' });
      return void response.end("expected the x-fc-* headers of Function Compute's custom runtime\n");
    }
    const body = await readBody(request, { maxBytes: MAX_EVENT_BYTES, refuse: tooLarge });
    switch (path) {
      case '/initialize':
        return framed('Initialize', context, response, () => hooks.initialize(context));
      case '/pre-stop':
        return framed('PreStop', context, response, () => hooks.preStop(context));
      case '/pre-freeze':
        // Only in 2.0. Nothing is pending between two invocations.
        return framed('PreFreeze', context, response, async () => {});
      case '/invoke':
        return framed('Invoke', context, response, () => hooks.handler(body, context));
      default:
        return answer(request, body, context, response);
    }
  }

  async function framed(
    phase: 'Initialize' | 'Invoke' | 'PreFreeze' | 'PreStop',
    { requestId }: InvocationContext,
    response: ServerResponse,
    work: () => Promise<unknown>,
  ): Promise<void> {
    writeLine(`FC ${phase} Start RequestId: ${requestId}`);
    try {
      const result = await work();
      writeLine(`FC ${phase} End RequestId: ${requestId}`);
      succeed(response, result === undefined ? '' : JSON.stringify(result));
    } catch (error) {
      writeLine(`FC ${phase} End RequestId: ${requestId}, Error: Unhandled function error`);
      fail(response, error);
    }
  }

  async function answer(
    { method = 'GET', headers }: IncomingMessage,
    body: Buffer,
    context: InvocationContext,
    response: ServerResponse,
  ): Promise<void> {
    const answered = await hooks.answer({ method, headers, body }, context);
    response.writeHead(answered.status, answered.headers);
    response.end(answered.body);
  }

  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () =>
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise((closed) => {
            closing = true;
            server.close(() => closed());
            server.closeIdleConnections();
          }),
      }),
    );
  });
}

/** Source: Function Compute, custom runtimes, common request headers. */
function readContext(headers: IncomingHttpHeaders): InvocationContext | undefined {
  const header = (name: string): string | undefined => headers[`x-fc-${name}`] as string | undefined;
  const requestId = header('request-id');
  const timeout = Number(header('function-timeout'));
  if (!requestId || !(timeout > 0)) return undefined;
  const accessKeyId = header('access-key-id');
  const accessKeySecret = header('access-key-secret');
  const securityToken = header('security-token');
  const credentials =
    accessKeyId && accessKeySecret ? { accessKeyId, accessKeySecret, securityToken } : undefined;
  return { requestId, function: { timeout }, credentials };
}

function tooLarge(): AppError {
  return new AppError('EventTooLarge', `the event has more than ${MAX_EVENT_BYTES} bytes`);
}

function succeed(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'x-fc-status': '200', 'content-type': 'application/json' });
  response.end(body);
}

/** The body is that of a managed runtime's error. */
function fail(response: ServerResponse, thrown: unknown): void {
  const { code, message } = toAppError(thrown);
  response.writeHead(404, { 'x-fc-status': '404', 'content-type': 'application/json' });
  response.end(JSON.stringify({ errorMessage: message, errorType: code }));
}

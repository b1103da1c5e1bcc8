import http, { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOnLoopback } from '../../loopback.ts';

export interface Router {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Call it when a pod may have become ready. */
  wake(): void;
  close(): Promise<void>;
}

/** Maximum time that a request waits for a pod. */
const PATIENCE_MS = 60_000;

/**
 * The address of one Service. Requests go to its pods in turn, at most `concurrency` (0: any number) per pod at once.
 * Without a pod, requests wait for one, as in Knative's activator.
 */
export async function startRouter(
  ports: () => readonly number[],
  concurrency: () => number,
): Promise<Router> {
  const busy = new Map<number, number>();
  let waiting: (() => void)[] = [];
  let turn = 0;

  function free(): number | undefined {
    const limit = concurrency();
    const candidates = ports().filter((port) => limit === 0 || (busy.get(port) ?? 0) < limit);
    return candidates[turn++ % candidates.length];
  }

  async function choose(deadline: number): Promise<number | undefined> {
    for (;;) {
      const port = free();
      if (port !== undefined) return port;
      if (Date.now() > deadline) return undefined;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadline - Date.now());
        waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  const wake = () => {
    const woken = waiting;
    waiting = [];
    for (const resolve of woken) resolve();
  };

  const server = createServer(async (request, response) => {
    const port = await choose(Date.now() + PATIENCE_MS);
    if (port === undefined) {
      response.writeHead(503).end();
      return;
    }
    busy.set(port, (busy.get(port) ?? 0) + 1);
    await pass(request, response, port);
    busy.set(port, busy.get(port)! - 1);
    wake();
  });
  server.keepAliveTimeout = 120_000;
  const { url, close } = await listenOnLoopback(server);
  return {
    url,
    wake,
    close() {
      wake();
      return close();
    },
  };
}

function pass(request: IncomingMessage, response: ServerResponse, port: number): Promise<void> {
  return new Promise((resolve) => {
    const { method, url, headers } = request;
    const onward = http.request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.once('error', () => {
      if (!response.headersSent) response.writeHead(502);
      response.end();
    });
    response.once('close', resolve);
    request.pipe(onward);
  });
}

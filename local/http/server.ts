import { createServer, type IncomingMessage, type RequestListener, type ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

export interface HttpServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Receives `CONNECT` requests, which ask for a tunnel. */
  onConnect(listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): void;
  /** Accepts no new connections; requests in progress continue. */
  stopListening(): void;
  /** Closes the remaining connections too. */
  close(): Promise<void>;
}

/** How long a client may take to send the head of a request, or its first byte, in milliseconds. */
const HEADERS_MS = 10_000;
/** How long a client may take to send a whole request. */
const REQUEST_MS = 60_000;
const CHECK_EVERY_MS = 2000;

/**
 * Listens on loopback only: this is a cloud for one machine. Port 0 takes any free port. Connections that are idle before
 * their first request, and heads and bodies that come too slowly, are closed.
 */
export async function listen(
  listener: RequestListener,
  { port, ...options }: ServerOptions & { port: number },
): Promise<HttpServer> {
  // Clients keep connections for up to a minute; a server that closes them sooner races with the next request.
  const limits = {
    keepAliveTimeout: 75_000,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: CHECK_EVERY_MS,
  };
  const server = createServer({ ...limits, ...options }, (request, response) => {
    // Node does so only with bodies that nobody began to read. A client may read the answer when it has sent all.
    response.once('finish', () => request.resume());
    listener(request, response);
  });
  const closed = new Promise<void>((resolve) => server.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    onConnect: (onConnect) => void server.on('connect', onConnect),
    stopListening: () => void server.close(),
    async close() {
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

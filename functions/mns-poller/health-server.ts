import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface HealthOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly ready: () => boolean;
  readonly metrics: Registry;
}

/** `/livez`, `/readyz` and `/metrics`, for the kubelet and Prometheus. */
export async function startHealthServer({ port, ready, metrics }: HealthOptions): Promise<HealthServer> {
  const routes: Record<string, (response: http.ServerResponse) => Promise<void>> = {
    '/livez': async (response) => answer(response, 200, 'live'),
    '/readyz': async (response) => answer(response, ready() ? 200 : 503, ready() ? 'ready' : 'not ready'),
    '/metrics': async (response) => answer(response, 200, await metrics.metrics(), metrics.contentType),
  };
  const server = http.createServer((request, response) => {
    const route = routes[request.url!.split('?')[0]!];
    if (!route) return answer(response, 404, 'not found');
    route(response).catch(() => answer(response, 500, 'metrics could not be read'));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(response: http.ServerResponse, status: number, text: string, type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(`${text}\n`);
}

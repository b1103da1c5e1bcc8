import type { Registry } from 'prom-client';
import type { Clock } from '../../shared/runtime/clock.ts';
import { startHttpServer } from '../../shared/runtime/http-server.ts';

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface HealthOptions {
  /** 0 for any free port. */
  readonly port: number;
  readonly ready: () => boolean;
  readonly metrics: Registry;
  readonly clock: Clock;
}

/** Answers `/livez` and `/readyz` for the kubelet, and `/metrics` for Prometheus. */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const server = await startHttpServer({
    ...options,
    handle: async () => ({ status: 404, body: 'not found\n' }),
    maxBytes: 1024,
    concurrency: 16,
  });
  return {
    port: server.port,
    async close() {
      await server.drain(0);
    },
  };
}

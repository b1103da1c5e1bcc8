import type { KubeConfig } from '@kubernetes/client-node';
import { createMnsClient } from '../../shared/mns/client.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { staticCredentials } from '../../shared/runtime/credentials.ts';
import { createHttpClient } from '../../shared/runtime/http.ts';
import { startHttpServer } from '../../shared/runtime/http-server.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import type { Random } from '../../shared/runtime/random.ts';
import { createMemo, createRecentMap } from '../../shared/runtime/recent.ts';
import { createController } from './controller.ts';
import type { ControllerDeps } from './deps.ts';
import { createDepthHandler } from './depth.ts';
import { connectCluster } from './kubernetes/cluster.ts';
import { createRecorder } from './kubernetes/events.ts';
import { createMetrics } from './metrics.ts';
import { type ControllerOptions, identityOf } from './options.ts';

export interface RunningController {
  readonly port: number;
  /** Finishes running passes, releases the lease, and closes. */
  stop(): Promise<void>;
}

/** Milliseconds of silence after which a request to MNS has failed. */
const TIMEOUT_MS = 10_000;
/** Sources in deletion whose age is remembered. */
const MAX_DELETIONS = 1000;
/** Requests to the HTTP endpoint are small and few. */
const HTTP_BOUNDS = { maxBytes: 1024, concurrency: 50 };

/** Starts a controller, with the HTTP endpoint for probes, Prometheus and KEDA. */
export async function startController(
  options: ControllerOptions,
  { config, clock, random, logger }: { config: KubeConfig; clock: Clock; random: Random; logger: Logger },
): Promise<RunningController> {
  const http = createHttpClient();
  const cluster = connectCluster(config);
  const deps: ControllerDeps = {
    cluster,
    connectMns: ({ url, credentials }) =>
      createMnsClient({
        endpoint: url,
        credentials: staticCredentials(credentials),
        clock,
        http,
        timeoutMs: TIMEOUT_MS,
      }),
    record: createRecorder(cluster, clock, logger),
    ensured: createMemo(clock, options.resyncSeconds * 1000),
    deletions: createRecentMap(MAX_DELETIONS),
    clock,
    options,
  };
  const metrics = createMetrics();
  const identity = identityOf(options);
  const { namespace } = options;
  const controller = createController({ config, namespace, identity, metrics, random, logger }, deps);
  const server = await startHttpServer({
    port: options.port,
    handle: createDepthHandler(controller, deps),
    ready: controller.ready,
    metrics: metrics.registry,
    clock,
    ...HTTP_BOUNDS,
  });
  controller.start();
  return {
    port: server.port,
    async stop() {
      await controller.stop();
      await server.drain(0);
      http.close();
    },
  };
}

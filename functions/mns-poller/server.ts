import { systemClock } from '../../shared/runtime/clock.ts';
import { readFlags } from '../../shared/runtime/flags.ts';
import { startHttpServer } from '../../shared/runtime/http-server.ts';
import { createLogger } from '../../shared/runtime/log.ts';
import { platformCredentials } from '../../shared/runtime/platform-credentials.ts';
import { firstSignal, runProgram } from '../../shared/runtime/program.ts';
import { createMetrics } from './metrics.ts';
import { POLLER_OPTIONS, readPollerOptions } from './options.ts';
import { createPoller } from './poller.ts';

/** For the probes of the kubelet and for Prometheus. */
const HTTP_BOUNDS = { maxBytes: 1024, concurrency: 16 };

/** The long-running poller: a container of a Knative source, or a process on any machine. */
async function main(): Promise<void> {
  const options = readPollerOptions(process.env, readFlags(POLLER_OPTIONS, process.argv.slice(2)));
  const { namespace, name, logLevel: level } = options;
  const logger = createLogger({ level }).child({ namespace, name });
  const { consumer, queue, close } = await createPoller(options, {
    credentials: platformCredentials(process.env, systemClock),
    clock: systemClock,
    random: Math.random,
    logger,
  });
  const metrics = createMetrics({ consumer, queue, clock: systemClock, logger });
  const health = await startHttpServer({
    port: options.port,
    handle: async () => ({ status: 404, body: 'not found\n' }),
    ready: consumer.ready,
    metrics,
    clock: systemClock,
    ...HTTP_BOUNDS,
  });
  consumer.start();
  logger.info({ port: health.port }, 'poller has started');

  const signal = await firstSignal('SIGTERM', 'SIGINT');
  logger.info({ signal }, 'poller stops');
  const report = await consumer.stop({ deadlineMs: options.shutdownSeconds * 1000 });
  await close();
  await health.drain(0);
  logger.info({ ...report }, 'poller has stopped');
}

// A delivery that could not be aborted may still hold a connection. Its message has been released.
runProgram(main, { exit: true });

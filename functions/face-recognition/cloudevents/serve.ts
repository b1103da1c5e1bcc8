import { suitableWorkers } from '../../../shared/faces/pictures/capacity.ts';
import { readCapacity } from '../../../shared/runtime/capacity.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { type HttpServer, startHttpServer } from '../../../shared/runtime/http-server.ts';
import { platformCredentials } from '../../../shared/runtime/platform-credentials.ts';
import { createApp } from '../app.ts';
import type { FaceRecognitionOptions } from '../options.ts';
import { createCloudEventsHandler } from './handler.ts';
import { createReceiverMetrics } from './metrics.ts';
import type { ReceiverOptions } from './options.ts';

/** Serves Knative and other senders of CloudEvents: listens at once, and is ready when the models are loaded. */
export async function serveCloudEvents(
  options: ReceiverOptions & Pick<FaceRecognitionOptions, 'port'>,
  stopSignal: Promise<NodeJS.Signals>,
): Promise<void> {
  const app = createApp({
    env: process.env,
    credentials: platformCredentials(process.env, systemClock),
    clock: systemClock,
    random: Math.random,
    engineWorkers: suitableWorkers(readCapacity(process.env)),
  });
  const { logger } = app;
  let warm = false;
  let server: HttpServer | undefined;
  const metrics = createReceiverMetrics({ inFlight: () => server?.inFlight() ?? 0, ready: () => warm });
  server = await startHttpServer({
    port: options.port,
    handle: createCloudEventsHandler({
      app,
      metrics,
      timeoutMs: options.requestTimeoutSeconds * 1000,
      replies: options.replyEvents,
    }),
    ready: () => warm,
    metrics: metrics.registry,
    maxBytes: options.maxEventBytes,
    concurrency: options.requestConcurrency,
    clock: systemClock,
    onAnswer: metrics.countRequest,
  });
  logger.info({ port: server.port }, 'receiver listens');
  const warmUp = app.warmUp().then(() => {
    warm = true;
    logger.info({}, 'receiver is ready');
  });
  try {
    // A receiver that cannot load its models exits instead of staying unready forever.
    await Promise.race([stopSignal, warmUp.then(() => stopSignal)]);
  } finally {
    warm = false;
    const unanswered = await server.drain(options.shutdownSeconds * 1000);
    logger.info({ unanswered }, 'receiver has stopped');
    await app.close();
  }
}

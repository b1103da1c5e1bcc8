import { existsSync } from 'node:fs';
import { suitableWorkers } from '../../../shared/faces/pictures/capacity.ts';
import { readCapacity } from '../../../shared/runtime/capacity.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { AppError } from '../../../shared/runtime/errors.ts';
import {
  type HttpServer,
  type HttpServerOptions,
  startHttpServer,
} from '../../../shared/runtime/http-server.ts';
import { platformCredentials } from '../../../shared/runtime/platform-credentials.ts';
import { createApp } from '../app.ts';
import type { FaceRecognitionOptions } from '../options.ts';
import { createCloudEventsHandler } from './handler.ts';
import { createReceiverMetrics } from './metrics.ts';
import type { Authenticate } from './oidc.ts';
import { RECEIVER_OPTIONS, type ReceiverOptions } from './options.ts';

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
  assertGuarded(options, app.options.sourceBuckets);
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
      authenticate: await openAuthenticate(options),
    }),
    ready: () => warm,
    metrics: options.metricsPort === undefined ? metrics.registry : undefined,
    maxBytes: options.maxEventBytes,
    concurrency: options.requestConcurrency,
    receiveTimeoutMs: options.receiveTimeoutSeconds * 1000,
    clock: systemClock,
    onAnswer: metrics.countRequest,
  });
  const metricsServer = await serveMetrics(options.metricsPort, metrics.registry);
  logger.info({ port: server.port, metricsPort: metricsServer?.port }, 'receiver listens');
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
    await metricsServer?.drain(0);
    await app.close();
  }
}

/** On a port of its own, if there is one. */
async function serveMetrics(
  port: number | undefined,
  metrics: HttpServerOptions['metrics'],
): Promise<HttpServer | undefined> {
  if (port === undefined) return undefined;
  return startHttpServer({
    port,
    metrics,
    handle: async () => ({ status: 404 }),
    ready: () => true,
    maxBytes: 1024,
    concurrency: 10,
    clock: systemClock,
  });
}

/** Whoever reaches the port could have any bucket processed that the role may read. */
function assertGuarded({ oidcAudience }: ReceiverOptions, sources: readonly unknown[]): void {
  if (oidcAudience !== undefined || sources.length > 0) return;
  throw new AppError(
    'ConfigInvalid',
    'set SOURCE_BUCKETS to the buckets whose events are processed, or OIDC_AUDIENCE where the sender proves its identity',
  );
}

/** The files of the pod's service account. They are absent where the pod needs none. */
const ACCOUNT = {
  caFile: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
  tokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
};

async function openAuthenticate(options: ReceiverOptions): Promise<Authenticate | undefined> {
  const { oidcAudience: audience, oidcIssuer: issuer, oidcSubjects: subjects } = options;
  if (audience === undefined) return undefined;
  const { createOidcAuthenticate } = await import('./oidc.ts');
  const isApiServer = issuer === RECEIVER_OPTIONS.oidcIssuer.default;
  const account = isApiServer && existsSync(ACCOUNT.tokenFile) ? ACCOUNT : undefined;
  return createOidcAuthenticate({ audience, issuer, subjects, clock: systemClock, account });
}

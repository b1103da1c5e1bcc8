import { type App, createApp } from '../../../../functions/face-recognition/app.ts';
import {
  createCloudEventsHandler,
  type HandlerDeps,
} from '../../../../functions/face-recognition/cloudevents/handler.ts';
import { createReceiverMetrics } from '../../../../functions/face-recognition/cloudevents/metrics.ts';
import { systemClock } from '../../../../shared/runtime/clock.ts';
import { staticCredentials } from '../../../../shared/runtime/credentials.ts';
import { type HttpServer, startHttpServer } from '../../../../shared/runtime/http-server.ts';
import { openStage, type Stage } from '../support.ts';

/** The stage of the function, with the receiver over HTTP. */
export interface ReceiverStage extends Stage {
  readonly url: string;
  readonly server: HttpServer;
  post(
    body: string | Uint8Array,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; headers: Headers; text: string }>;
}

export async function openReceiverStage(
  env: NodeJS.ProcessEnv = {},
  { authenticate, ...changes }: Partial<Pick<App, 'pipeline'>> & Pick<HandlerDeps, 'authenticate'> = {},
): Promise<ReceiverStage> {
  const stage = await openStage();
  const app = createApp({
    env: { REGION: stage.cloud.region, OSS_ENDPOINT: stage.cloud.oss.url, OSS_TIMEOUT_SECONDS: '2', ...env },
    credentials: staticCredentials(stage.cloud.credentials),
    clock: systemClock,
    random: () => 0,
    write: (line) => stage.lines.push(JSON.parse(line)),
  });
  const metrics = createReceiverMetrics({ inFlight: () => server.inFlight(), ready: () => true });
  const server = await startHttpServer({
    port: 0,
    host: '127.0.0.1',
    handle: createCloudEventsHandler({
      app: { ...app, ...changes },
      metrics,
      timeoutMs: 20_000,
      replies: env.REPLY_EVENTS !== 'false',
      authenticate,
    }),
    ready: () => true,
    metrics: metrics.registry,
    maxBytes: 65_536,
    concurrency: 8,
    clock: systemClock,
    onAnswer: metrics.countRequest,
  });
  const url = `http://127.0.0.1:${server.port}`;
  return {
    ...stage,
    url,
    server,
    async post(body, headers = {}) {
      const response = await fetch(url, {
        method: 'POST',
        body: new Uint8Array(Buffer.from(body)),
        headers,
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
    async close() {
      await server.drain(0);
      await app.close();
      await stage.close();
    },
  };
}

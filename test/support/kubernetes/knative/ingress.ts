import { createServer } from 'node:http';
import { listenOnLoopback } from '../../loopback.ts';
import { at, type KubeObject } from '../api/types.ts';
import { type Delivery, deadLetter, deliver } from './delivery.ts';
import { type Event, readEvent, withAttributes } from './event.ts';
import { type Filtered, passes } from './filters.ts';

export interface IngressParts {
  broker(namespace: string, name: string): KubeObject | undefined;
  /** Triggers of all namespaces. */
  triggers(): readonly KubeObject[];
  sleep(ms: number): Promise<void>;
}

export interface Ingress {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Number of unfinished deliveries. */
  pending(): number;
  /** Events that neither a subscriber nor a dead-letter sink accepted. */
  lost(): number;
  close(): Promise<void>;
}

/** How often an event may return as a reply. */
const TTL = 255;

/** `POST /<namespace>/<broker>`: answers 202 and delivers to the Triggers, in memory like an InMemoryChannel. */
export async function startIngress({ broker, triggers, sleep }: IngressParts): Promise<Ingress> {
  let pending = 0;
  let lost = 0;

  function fanOut(own: KubeObject, event: Event, ttl: number): void {
    const { namespace, name } = own.metadata;
    for (const trigger of triggers()) {
      const spec = trigger.spec as Filtered & { broker: string };
      const isOurs = trigger.metadata.namespace === namespace && spec.broker === name;
      const url = at(trigger, 'status', 'subscriberUri');
      if (!isOurs || typeof url !== 'string' || !passes(spec, event.attributes)) continue;
      pending++;
      void dispatch(own, trigger, url, event, ttl).finally(() => pending--);
    }
  }

  async function dispatch(own: KubeObject, trigger: KubeObject, url: string, event: Event, ttl: number) {
    const delivery = (at(trigger, 'spec', 'delivery') ?? at(own, 'spec', 'delivery') ?? {}) as Delivery;
    const outcome = await deliver(event, url, delivery, sleep);
    if (outcome.delivered) {
      if (outcome.reply && ttl > 1) fanOut(own, outcome.reply, ttl - 1);
      return;
    }
    const sink = at(trigger, 'status', 'deadLetterSinkUri') ?? at(own, 'status', 'deadLetterSinkUri');
    const letter = deadLetter(event, url, outcome.code, outcome.data);
    const isKept = typeof sink === 'string' && (await deliver(letter, sink, delivery, sleep)).delivered;
    if (!isKept) lost++;
  }

  const server = createServer(async (request, response) => {
    const [namespace = '', name = ''] = (request.url ?? '').split('/').filter(Boolean);
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const own = broker(namespace, name);
    const event = readEvent(request.headers, Buffer.concat(chunks));
    const refusal = request.method !== 'POST' ? 405 : !own ? 404 : !event ? 400 : undefined;
    response.writeHead(refusal ?? 202).end();
    if (!own || !event) return;
    const ttl = Number(event.attributes.knativebrokerttl ?? TTL);
    fanOut(own, withAttributes(event, { knativebrokerttl: undefined }), ttl);
  });
  server.keepAliveTimeout = 120_000;
  const { url, close } = await listenOnLoopback(server);
  return {
    url,
    pending: () => pending,
    lost: () => lost,
    close,
  };
}

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Clock } from '../shared/runtime/clock.ts';
import { type Random, seededRandom } from '../shared/runtime/random.ts';
import { writeXml } from '../shared/runtime/xml.ts';
import { FaceBodyRefusal, writeRefusal } from './facebody/index.ts';
import type { DeliveryFaults } from './mns/queues.ts';

/** What goes wrong in a request. `rate` is the share of the operation's requests that it befalls, from 0 to 1. */
export type Fault = {
  /** Such as `PutObject`, `ReceiveMessage` or `RecognizeFace`; `*` means every operation of all services. */
  readonly operation: string;
  readonly rate: number;
} & (
  | { readonly kind: 'latency'; readonly ms: number }
  /** `InternalError`, 500; the operation is not done. */
  | { readonly kind: 'error' }
  /** `QpsLimitExceeded`, 503, and of FaceBody `Throttling`, 400; the operation is not done. */
  | { readonly kind: 'throttle' }
  /** The connection breaks before the operation is done, or after it: then the answer is lost. */
  | { readonly kind: 'reset'; readonly when: 'before' | 'after' }
  /** `ReceiveMessage` only: the message is delivered a second time, with the same message id. */
  | { readonly kind: 'duplicate' }
  /** `ReceiveMessage` only: later messages come before earlier ones. */
  | { readonly kind: 'reorder' }
);

export interface Faults {
  /** Returns what takes the fault back. */
  inject(fault: Fault): () => void;
  clear(): void;
}

type Service = 'oss' | 'mns' | 'facebody';

export interface FaultInjector extends Faults {
  /** Puts the faults before a service. */
  wrap(
    service: Service,
    listener: RequestListener,
    operationOf: (request: IncomingMessage) => string | undefined,
  ): RequestListener;
  readonly delivery: DeliveryFaults;
}

/** The same seed and the same order of requests give the same faults. */
export function createFaults({ seed, clock }: { seed: number; clock: Clock }): FaultInjector {
  const random = seededRandom(seed);
  const faults = new Set<Fault>();

  const strikes = (operation: string | undefined, kind?: Fault['kind']): Fault[] =>
    [...faults].filter(
      (fault) =>
        (fault.operation === '*' || fault.operation === operation) &&
        (kind === undefined || fault.kind === kind) &&
        random() < fault.rate,
    );

  return {
    inject(fault) {
      faults.add(fault);
      return () => void faults.delete(fault);
    },
    clear: () => faults.clear(),
    wrap(service, listener, operationOf) {
      return (request, response) => {
        if (faults.size === 0) return listener(request, response);
        const struck = strikes(operationOf(request));
        void strike(struck, { service, request, response, clock, random }).then((done) => {
          if (!done) listener(request, response);
        });
      };
    },
    delivery: {
      duplicates: () => strikes('ReceiveMessage', 'duplicate').length > 0,
      reorders: () => strikes('ReceiveMessage', 'reorder').length > 0,
      shuffle: (items) => shuffle(items, random),
    },
  };
}

interface Exchange {
  readonly service: Service;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly clock: Clock;
  readonly random: Random;
}

/** `true` when the request has had its answer, or will have none. */
async function strike(faults: readonly Fault[], exchange: Exchange): Promise<boolean> {
  const { request, response, clock } = exchange;
  for (const fault of faults) {
    switch (fault.kind) {
      case 'latency':
        await clock.sleep(fault.ms);
        // Whoever gave up meanwhile asks for nothing any more.
        if (response.destroyed) return true;
        break;
      case 'error':
        refuse('InternalError', exchange);
        return true;
      case 'throttle':
        refuse('QpsLimitExceeded', exchange);
        return true;
      case 'reset':
        if (fault.when === 'before') {
          request.socket.destroy();
          return true;
        }
        loseAnswer(response);
        break;
      case 'duplicate':
      case 'reorder':
        break;
    }
  }
  return false;
}

function refuse(
  code: 'InternalError' | 'QpsLimitExceeded',
  { service, request, response, random }: Exchange,
): void {
  const requestId = Array.from({ length: 24 }, () => Math.floor(random() * 16).toString(16))
    .join('')
    .toUpperCase();
  request.resume();
  if (service === 'facebody') {
    const refusal = new FaceBodyRefusal(code === 'InternalError' ? code : 'Throttling', 'Injected fault.');
    writeRefusal(request, response, refusal, requestId);
    return;
  }
  const body = writeXml(
    'Error',
    { Code: code, Message: 'Injected fault.', RequestId: requestId, HostId: request.headers.host ?? '' },
    service === 'mns' ? { namespace: 'http://mns.aliyuncs.com/doc/v1/' } : {},
  );
  response
    .writeHead(code === 'InternalError' ? 500 : 503, {
      [`x-${service}-request-id`]: requestId,
      'Content-Type': service === 'mns' ? 'text/xml;charset=utf-8' : 'application/xml',
      'Content-Length': Buffer.byteLength(body),
    })
    .end(body);
}

/** The service does its work, but its answer never leaves. */
function loseAnswer(response: ServerResponse): void {
  const lose = () => {
    response.destroy();
    return response;
  };
  response.flushHeaders = () => {};
  response.write = () => true;
  response.end = lose as ServerResponse['end'];
}

function shuffle<T>(items: readonly T[], random: Random): T[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
  }
  return shuffled;
}

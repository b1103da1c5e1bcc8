import type { RequestListener, ServerResponse } from 'node:http';
import type { Clock } from '../shared/runtime/clock.ts';
import { type Random, seededRandom } from '../shared/runtime/random.ts';
import type { Service } from './http/service.ts';

/** A fault of the local cloud. `rate` is the share of the operation's requests that it affects, from 0 to 1. */
export type Fault = {
  /** Such as `PutObject`, `ReceiveMessage` or `RecognizeFace`; `*` means every operation of OSS, MNS and FaceBody. */
  readonly operation: string;
  readonly rate: number;
} & (
  | { readonly kind: 'latency'; readonly ms: number }
  /** The operation fails with `InternalError`, 500. */
  | { readonly kind: 'error' }
  /** The operation fails with `QpsLimitExceeded`, 503, or FaceBody's `Throttling`, 400. */
  | { readonly kind: 'throttle' }
  /** The connection breaks before the operation, or after it: then its answer is lost. */
  | { readonly kind: 'reset'; readonly when: 'before' | 'after' }
  /** `ReceiveMessage` only: the message is delivered a second time, with the same message id. */
  | { readonly kind: 'duplicate' }
  /** `ReceiveMessage` only: messages are delivered out of order. */
  | { readonly kind: 'reorder' }
);

export interface Faults {
  /** Adds a fault and returns what removes it. */
  inject(fault: Fault): () => void;
  /** Removes all faults. */
  clear(): void;
}

export interface FaultInjector extends Faults {
  /** Puts the faults in front of a service. */
  wrap(service: Pick<Service, 'listener' | 'operationOf' | 'refuse'>): RequestListener;
  /** The faults of messages. */
  readonly delivery: {
    duplicates(): boolean;
    reorders(): boolean;
    /** An asynchronous invocation fails inside the platform: an `error` of `InvokeFunction`. */
    failsInside(): boolean;
    shuffle<T>(items: readonly T[]): T[];
  };
}

/** The same seed and the same order of requests give the same faults. */
export function createFaults({ seed, clock }: { seed: number; clock: Clock }): FaultInjector {
  const random = seededRandom(seed);
  const faults = new Set<Fault>();

  const draw = (operation: string | undefined, kind?: Fault['kind']): Fault[] =>
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
    wrap: (service) => (request, response) => {
      const drawn = faults.size === 0 ? [] : draw(service.operationOf(request));
      if (drawn.length === 0) return service.listener(request, response);
      void apply(drawn, service, request, response, clock).then((answered) => {
        if (!answered) service.listener(request, response);
      });
    },
    delivery: {
      duplicates: () => draw('ReceiveMessage', 'duplicate').length > 0,
      failsInside: () => draw('InvokeFunction', 'error').length > 0,
      reorders: () => draw('ReceiveMessage', 'reorder').length > 0,
      shuffle: (items) => shuffle(items, random),
    },
  };
}

/** Resolves to `true` if the request is answered or its connection is closed. */
async function apply(
  faults: readonly Fault[],
  { refuse }: Pick<Service, 'refuse'>,
  ...[request, response, clock]: [...Parameters<RequestListener>, Clock]
): Promise<boolean> {
  for (const fault of faults) {
    switch (fault.kind) {
      case 'latency':
        await clock.sleep(fault.ms);
        // The client has disconnected meanwhile.
        if (response.destroyed) return true;
        break;
      case 'error':
      case 'throttle':
        request.resume();
        refuse(request, response, fault.kind);
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

/** The service handles the request, but the connection breaks instead of its answer. */
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

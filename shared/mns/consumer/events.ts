import type { Delivery } from '../../runtime/delivery.ts';
import type { AppError } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/log.ts';
import type { ReceivedMessage } from '../queue.ts';

/** What the handler reported about one record of a message. */
export interface RecordDelivery {
  readonly record: string;
  readonly result: Delivery['result'];
  readonly seconds: number;
}

/** Events emitted by the consumer. Listeners run synchronously and never stop the machine. */
export interface ConsumerEvents {
  receiveCompleted: { readonly requested: number; readonly received: number };
  receiveFailed: { readonly error: AppError };
  messageReceived: { readonly message: ReceivedMessage };
  recordDelivered: { readonly messageId: string } & RecordDelivery;
  /** `here`: this process tries again under the same receipt. `queue`: the queue delivers the message again. */
  messageRetried: {
    readonly messageId: string;
    readonly reason: string;
    readonly overloaded: boolean;
    readonly where: 'here' | 'queue';
    readonly delayMs: number;
  };
  messageDeadLettered: { readonly messageId: string; readonly reason: string; readonly code: string };
  deadLetterFailed: { readonly messageId: string; readonly error: AppError };
  messageDeleted: { readonly messageId: string };
  deleteFailed: { readonly messageIds: readonly string[]; readonly error: AppError };
  /** Made visible again, unfinished, because the consumer stops. */
  messageReleased: { readonly messageId: string };
  releaseFailed: { readonly messageId: string; readonly error: AppError };
  /** The receipt handle has expired: the message was or will be redelivered, here or elsewhere. */
  messageLost: { readonly messageId: string; readonly during: 'renew' | 'delete' | 'release' };
  visibilityRenewed: { readonly messageId: string; readonly seconds: number };
  renewalFailed: { readonly messageId: string; readonly error: AppError };
  /** Its visibility is no longer renewed, because handling it took longer than the maximum age. */
  messageTimedOut: { readonly messageId: string; readonly ageMs: number };
  concurrencyChanged: { readonly limit: number };
  /** Calls to the queue fail; none is made for `retryInMs`. */
  serviceFailed: { readonly error: AppError; readonly failures: number; readonly retryInMs: number };
  serviceRecovered: { readonly failures: number };
}

type Listener<T> = (event: T) => void;

export interface Emitter<Events extends object> {
  /** Returns the function that removes the listener. */
  on<K extends keyof Events>(name: K, listener: Listener<Events[K]>): () => void;
  emit<K extends keyof Events>(name: K, event: Events[K]): void;
}

/** The error of a listener is logged: a fault in a metric must not lose a message. */
export function createEmitter<Events extends object>(logger: Logger): Emitter<Events> {
  const listeners: { [K in keyof Events]?: Set<Listener<Events[K]>> } = {};
  return {
    on(name, listener) {
      let set = listeners[name];
      if (!set) {
        set = new Set();
        listeners[name] = set;
      }
      set.add(listener);
      return () => void set.delete(listener);
    },
    emit(name, event) {
      for (const listener of listeners[name] ?? []) {
        try {
          listener(event);
        } catch (error) {
          logger.error({ event: String(name), err: error }, 'a listener of the consumer failed');
        }
      }
    },
  };
}

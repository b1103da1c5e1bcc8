import type { AppError } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/log.ts';
import type { ReceivedMessage } from '../queue.ts';

/** What happened to a record of a message, as its handler told. */
export interface RecordDelivery {
  readonly record: string;
  readonly result: 'accepted' | 'retry' | 'rejected';
  readonly seconds: number;
}

/** Everything a consumer tells, in the past tense. Listeners run at once and never stop the machine. */
export interface ConsumerEvents {
  receiveCompleted: { readonly requested: number; readonly received: number };
  receiveFailed: { readonly error: AppError };
  messageReceived: { readonly message: ReceivedMessage };
  recordDelivered: { readonly messageId: string } & RecordDelivery;
  /** `where` tells whether this process tries again under the same receipt, or the queue delivers again. */
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
  /** Handed back unfinished because the consumer stops. */
  messageReleased: { readonly messageId: string };
  releaseFailed: { readonly messageId: string; readonly error: AppError };
  /** The receipt handle is dead: the message was or will be redelivered, here or elsewhere. */
  messageLost: { readonly messageId: string; readonly during: 'renew' | 'delete' | 'release' };
  visibilityRenewed: { readonly messageId: string; readonly seconds: number };
  renewalFailed: { readonly messageId: string; readonly error: AppError };
  /** Renewing ended because the message was worked on for longer than the maximum age. */
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

/** A listener that throws is logged: a fault in a metric must not lose a message. */
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

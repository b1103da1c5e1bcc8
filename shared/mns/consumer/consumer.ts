import { setMaxListeners } from 'node:events';
import { isAppError, toAppError } from '../../runtime/errors.ts';
import { retry } from '../../runtime/retry.ts';
import { MIN_VISIBILITY_SECONDS } from '../limits.ts';
import type { ReceivedMessage } from '../queue.ts';
import { createAcknowledger } from './acknowledger.ts';
import { Attempt } from './attempt.ts';
import { type ConsumerEvents, createEmitter } from './events.ts';
import { createServiceGate } from './gate.ts';
import { type Outcome, outcomeOf } from './handler.ts';
import { createHeldSet, createRecentSet } from './held.ts';
import { createLimiter } from './limiter.ts';
import { CONSUMER_DEFAULTS, type ConsumerOptions } from './options.ts';
import { createReceiver } from './receiver.ts';
import { countEvents, type StopReport } from './report.ts';
import { retryVisibility } from './retry-delay.ts';
import type { Consumer, ConsumerParts } from './types.ts';
import { keepVisibility, type VisibilityKeeper } from './visibility-keeper.ts';

/**
 * A message on its way:
 *
 *     received ─▶ ready ─▶ running ──▶ done ────────────────▶ acknowledged
 *                   ▲         ├──────▶ dead ─▶ dead letter ─▶ acknowledged
 *                   │         └──────▶ retry ─┬─▶ hidden, delivered again by the queue
 *                   └──────── waiting ◀───────┘   (after a short Retry-After)
 *
 * Its visibility is renewed from when it is received until just before it is acknowledged or handed back.
 */
interface Held {
  readonly message: ReceivedMessage;
  readonly keeper: VisibilityKeeper;
  phase: 'ready' | 'running' | 'waiting' | 'leaving';
  tries: number;
  attempt?: Attempt;
  cancelWait?: () => void;
}

/** Tries under one receipt. */
const TRIES_HERE = 3;
/** Unconfirmed acknowledgements above which nothing more is received. */
const MAX_UNACKNOWLEDGED = 160;
/** So many times its limit a message may come before it is given up untried: it may be what kills the process. */
const UNTRIED = 3;
/** Milliseconds after the deadline for handlers to notice it, and again for releases and acknowledgements. */
const GRACE_MS = 1000;
const MAX_SPARED = 10_000;
const RELEASE_RETRY = { attempts: 3, baseMs: 200, capMs: 2000 };
/** Part of a drain's budget that is kept for stopping, and its bound in milliseconds. */
const DRAIN_RESERVE = { share: 0.2, mostMs: 10_000 };

export function createConsumer(parts: ConsumerParts): Consumer {
  const { queue, deadLetters, clock, random, logger } = parts;
  const options: ConsumerOptions = { ...CONSUMER_DEFAULTS, ...parts.options };
  const { on, emit } = createEmitter<ConsumerEvents>(logger);
  const counts = countEvents(on);
  const held = createHeldSet<Held>(clock);
  const ready: Held[] = [];
  /** Messages that failed through no fault of their own. */
  const spared = createRecentSet<string>(MAX_SPARED);
  /** Ends every wait for the service at the very end. */
  const end = new AbortController();
  // Every message that waits for the service listens.
  setMaxListeners(0, end.signal);
  let state: 'new' | 'started' | 'stopping' = 'new';
  let running = 0;
  /** Milliseconds for which a receive hides a message: a setting of the queue, learned from its answers. */
  let hiddenMs = 0;
  let waitSeconds = options.waitSeconds;
  let cancelResume: (() => void) | undefined;
  let onQueueEmpty = () => {};
  let lastFailure: string | undefined;
  let stopped: Promise<StopReport> | undefined;

  const limiter = createLimiter({ max: options.concurrency, clock, random });
  const gate = createServiceGate({
    clock,
    random,
    onFailed(failure) {
      lastFailure = `${failure.error.code}: ${failure.error.message}`;
      emit('serviceFailed', failure);
    },
    onRecovered(recovery) {
      lastFailure = undefined;
      emit('serviceRecovered', recovery);
    },
  });
  const acknowledger = createAcknowledger({
    clock,
    random,
    delete: (handles) => gate.call(() => queue.delete(handles), end.signal),
    onDeleted({ messageId }) {
      spared.delete(messageId);
      emit('messageDeleted', { messageId });
      if (acknowledger.pending() === MAX_UNACKNOWLEDGED - 1) pump();
    },
    onFailed: (items, error) =>
      emit('deleteFailed', { messageIds: items.map(({ messageId }) => messageId), error }),
    onLost: ({ messageId }) => emit('messageLost', { messageId, during: 'delete' }),
  });
  const receiver = createReceiver({
    queue,
    gate,
    clock,
    random,
    waitSeconds: () => waitSeconds,
    maxReceives: options.maxReceives,
    room,
    worthwhile: () => Math.ceil(capacity() / 2),
    isIdle: () => held.size() === 0,
    onMessages(messages, requested) {
      emit('receiveCompleted', { requested, received: messages.length });
      for (const message of messages) admit(message);
      pump();
      if (messages.length === 0 && held.size() === 0) onQueueEmpty();
    },
    onFailed: (error) => emit('receiveFailed', { error }),
  });

  function capacity(): number {
    const limit = limiter.limit();
    return limit + Math.min(options.prefetch, limit);
  }

  function room(): number {
    if (state !== 'started' || limiter.pauseMs() > 0 || acknowledger.pending() >= MAX_UNACKNOWLEDGED)
      return 0;
    return capacity() - held.size();
  }

  function admit(message: ReceivedMessage): void {
    const { messageId } = message;
    const now = clock.now();
    // Both times are the service's, so its clock may differ from ours. Of a redelivery only one of them is new.
    if (message.dequeueCount === 1) hiddenMs = message.nextVisibleTime - message.firstDequeueTime;
    const keeper = keepVisibility({
      clock,
      receipt: { receiptHandle: message.receiptHandle, expiresAt: now + hiddenMs },
      seconds: options.visibilitySeconds,
      maxAgeMs: options.maxAgeSeconds * 1000,
      renew: (handle, signal) =>
        gate.call(() => queue.changeVisibility(handle, options.visibilitySeconds), signal),
      onRenewed: () => emit('visibilityRenewed', { messageId, seconds: options.visibilitySeconds }),
      onFailed: (error) => emit('renewalFailed', { messageId, error }),
      onLost() {
        emit('messageLost', { messageId, during: 'renew' });
        item.attempt?.abort(stopReason('the message was redelivered elsewhere'));
        if (item.phase === 'ready' || item.phase === 'waiting') leave(item);
      },
      onTooOld() {
        emit('messageTimedOut', { messageId, ageMs: clock.now() - now });
        item.attempt?.abort(stopReason('the message was worked on for too long'));
        if (item.phase === 'ready' || item.phase === 'waiting') void release(item);
      },
    });
    const item: Held = { message, keeper, phase: 'ready', tries: 0 };
    held.add(item);
    emit('messageReceived', { message });
    if (state === 'stopping') void release(item);
    else if (isHopeless(message)) void bury(item, exhausted(message, 'it was never finished'));
    else ready.push(item);
  }

  function isHopeless({ messageId, dequeueCount }: ReceivedMessage): boolean {
    return (
      dequeueCount > UNTRIED * options.maxDequeueCount && !spared.has(messageId) && !limiter.sinkIsDown()
    );
  }

  /** Starts what may start, then asks for what fits. */
  function pump(): void {
    if (state !== 'started') return;
    const pauseMs = limiter.pauseMs();
    if (pauseMs > 0) {
      cancelResume ??= clock.after(pauseMs, () => {
        cancelResume = undefined;
        pump();
      });
      return;
    }
    while (running < limiter.limit() && ready.length > 0) void run(ready.shift()!);
    receiver.pump();
  }

  async function run(item: Held): Promise<void> {
    const { messageId } = item.message;
    const attempt = new Attempt(++item.tries, (delivery) =>
      emit('recordDelivered', { messageId, ...delivery }),
    );
    item.phase = 'running';
    item.attempt = attempt;
    running++;
    const startedAt = clock.now();
    const outcome = await callHandler(item.message, attempt);
    running--;
    if (!attempt.isAborted()) adapt(outcome, startedAt);
    // The slot is free now; what follows waits for the service.
    const settling = item.phase === 'running' ? settle(item, outcome) : undefined;
    pump();
    await settling;
  }

  async function callHandler(message: ReceivedMessage, attempt: Attempt): Promise<Outcome> {
    try {
      return await parts.handle(message, attempt);
    } catch (thrown) {
      return outcomeOf(thrown);
    }
  }

  function adapt(outcome: Outcome, startedAt: number): void {
    const before = limiter.limit();
    if (outcome.result !== 'retry') limiter.succeeded();
    else if (outcome.overloaded) limiter.overloaded(startedAt, outcome.retryAfterMs);
    else limiter.failed();
    if (limiter.limit() !== before) emit('concurrencyChanged', { limit: limiter.limit() });
  }

  function settle(item: Held, outcome: Outcome): Promise<void> | void {
    if (outcome.result === 'done') return acknowledge(item);
    if (outcome.result === 'dead') return bury(item, outcome);
    if (state === 'stopping') return release(item);
    return tryAgain(item, outcome);
  }

  async function acknowledge(item: Held): Promise<void> {
    item.phase = 'leaving';
    const receipt = await item.keeper.stop();
    if (receipt) acknowledger.add({ messageId: item.message.messageId, ...receipt });
    leave(item);
  }

  /** The message is deleted only after its letter is safe; until then it stays hidden. */
  async function bury(item: Held, { code, reason }: { code: string; reason: string }): Promise<void> {
    item.phase = 'leaving';
    const { receiptHandle: _, nextVisibleTime: __, ...content } = item.message;
    const { messageId } = content;
    const letter = { queue: queue.name, ...content, deadTime: clock.now(), code, reason };
    try {
      await deadLetters.put(letter, { signal: end.signal });
    } catch (thrown) {
      const error = toAppError(thrown);
      emit('deadLetterFailed', { messageId, error });
      return hide(item, { reason: `dead letter not stored: ${error.code}`, overloaded: false });
    }
    emit('messageDeadLettered', { messageId, code, reason });
    return acknowledge(item);
  }

  function tryAgain(item: Held, outcome: Outcome & { result: 'retry' }): Promise<void> | void {
    const { reason, retryAfterMs, overloaded = false } = outcome;
    const { messageId, dequeueCount, enqueueTime } = item.message;
    const isOld = clock.now() - enqueueTime >= options.sparedSeconds * 1000;
    if ((overloaded || limiter.sinkIsDown()) && !isOld) spared.add(messageId);
    else if (dequeueCount >= options.maxDequeueCount) return bury(item, exhausted(item.message, reason));
    const waitsHere =
      retryAfterMs !== undefined && retryAfterMs <= options.waitHereMs && item.tries < TRIES_HERE;
    if (!waitsHere) return hide(item, { reason, overloaded, retryAfterMs });
    item.phase = 'waiting';
    item.cancelWait = clock.after(retryAfterMs, () => {
      item.phase = 'ready';
      ready.push(item);
      pump();
    });
    emit('messageRetried', { messageId, reason, overloaded, where: 'here', delayMs: retryAfterMs });
  }

  async function hide(
    item: Held,
    { reason, overloaded, retryAfterMs }: { reason: string; overloaded: boolean; retryAfterMs?: number },
  ): Promise<void> {
    const { messageId, dequeueCount } = item.message;
    const seconds = retryVisibility(dequeueCount, options.retry, random, retryAfterMs);
    if ((await setVisibility(item, seconds)) !== 'lost')
      emit('messageRetried', { messageId, reason, overloaded, where: 'queue', delayMs: seconds * 1000 });
    leave(item);
  }

  async function release(item: Held): Promise<void> {
    const { messageId } = item.message;
    if ((await setVisibility(item, MIN_VISIBILITY_SECONDS)) === 'set') emit('messageReleased', { messageId });
    leave(item);
  }

  /** `lost` when the message is no longer ours. A failure is told, and the message reappears by itself later. */
  async function setVisibility(item: Held, seconds: number): Promise<'set' | 'failed' | 'lost'> {
    const { messageId } = item.message;
    item.phase = 'leaving';
    item.cancelWait?.();
    const receipt = await item.keeper.stop();
    if (!receipt) return 'lost';
    const change = () => gate.call(() => queue.changeVisibility(receipt.receiptHandle, seconds), end.signal);
    try {
      await retry(change, { ...RELEASE_RETRY, clock, random, signal: end.signal });
      return 'set';
    } catch (thrown) {
      const error = toAppError(thrown);
      if (!isAppError(error, 'MessageNotExist')) {
        emit('releaseFailed', { messageId, error });
        return 'failed';
      }
      emit('messageLost', { messageId, during: 'release' });
      return 'lost';
    }
  }

  function leave(item: Held): void {
    item.phase = 'leaving';
    item.cancelWait?.();
    const place = ready.indexOf(item);
    if (place >= 0) ready.splice(place, 1);
    held.delete(item);
    if (held.size() === 0) acknowledger.hurry();
    pump();
  }

  async function shutDown(deadlineMs: number, graceMs = GRACE_MS): Promise<StopReport> {
    state = 'stopping';
    cancelResume?.();
    const received = receiver.stop();
    for (const item of held.all()) if (item.phase === 'ready' || item.phase === 'waiting') void release(item);
    ready.length = 0;
    void acknowledger.flush(end.signal);
    await held.empty(deadlineMs);
    for (const item of held.all()) item.attempt?.abort(stopReason('the consumer stops'));
    await held.empty(graceMs);
    const abandoned = held.all().filter((item) => item.phase === 'running');
    for (const item of abandoned) void release(item);
    const cancelEnd = clock.after(graceMs, () => end.abort(stopReason('the consumer has stopped')));
    const ended = new Promise<void>((resolve) => end.signal.addEventListener('abort', () => resolve()));
    await Promise.race([ended, allLeft(received)]);
    cancelEnd();
    const unacknowledged = acknowledger.pending();
    end.abort(stopReason('the consumer has stopped'));
    acknowledger.close();
    gate.close();
    return { ...counts(), abandoned: abandoned.length, unacknowledged };
  }

  /** In this order: a late answer brings messages to release, and a late handler one to acknowledge. */
  async function allLeft(received: Promise<void>): Promise<void> {
    await received;
    await held.empty(GRACE_MS);
    await acknowledger.flush(end.signal);
  }

  const consumer: Consumer = {
    on,
    start() {
      if (state !== 'new') return;
      state = 'started';
      pump();
    },
    stop({ deadlineMs = 20_000 } = {}) {
      stopped ??= shutDown(deadlineMs);
      return stopped;
    },
    async drain({ budgetMs }) {
      const reserveMs = Math.min(budgetMs * DRAIN_RESERVE.share, DRAIN_RESERVE.mostMs);
      waitSeconds = Math.min(waitSeconds, 1);
      const empty = await new Promise<boolean>((resolve) => {
        const cancel = clock.after(budgetMs - reserveMs, () => resolve(false));
        onQueueEmpty = () => {
          cancel();
          resolve(true);
        };
        consumer.start();
      });
      const failure = lastFailure;
      const graceMs = Math.min(GRACE_MS, reserveMs / 3);
      stopped ??= shutDown(reserveMs - 2 * graceMs, graceMs);
      const report = await stopped;
      return { ...report, empty, failure };
    },
    ready: () => state === 'started' && gate.healthy(),
    inFlight: () => held.size(),
    concurrency: () => limiter.limit(),
    setConcurrency(concurrency) {
      limiter.setMax(concurrency);
      pump();
    },
  };
  return consumer;
}

function exhausted(message: ReceivedMessage, reason: string) {
  return { code: 'DequeueLimitExceeded', reason: `received ${message.dequeueCount} times; ${reason}` };
}

function stopReason(message: string): DOMException {
  return new DOMException(message, 'AbortError');
}

import { setMaxListeners } from 'node:events';
import { onAbort } from '../../runtime/abort.ts';
import { type Delivery, deliveryOf, type RetryDelivery } from '../../runtime/delivery.ts';
import { toAppError } from '../../runtime/errors.ts';
import type { ReceivedMessage } from '../queue.ts';
import { createAcknowledger } from './acknowledger.ts';
import { Attempt } from './attempt.ts';
import { type ConsumerEvents, createEmitter } from './events.ts';
import { createServiceGate } from './gate.ts';
import { createInFlightMessages, type InFlightMessage } from './in-flight.ts';
import { createLeaving } from './leaving.ts';
import { createLimiter } from './limiter.ts';
import { CONSUMER_DEFAULTS, type ConsumerOptions } from './options.ts';
import { createReceiver } from './receiver.ts';
import { countEvents, type DrainReport, type StopReport } from './report.ts';
import { createRetryLane } from './retry-lane.ts';
import { createSinkHealth } from './sink-health.ts';
import type { Consumer, ConsumerDeps } from './types.ts';
import { keepVisibility } from './visibility-keeper.ts';

/** Attempts under one receipt. */
const MAX_ATTEMPTS_PER_RECEIPT = 3;
/** Unconfirmed acknowledgements above which nothing more is received. */
const MAX_UNACKNOWLEDGED = 160;
/**
 * Multiple of `maxDequeueCount` above which a message is dead-lettered without another attempt: it may be what kills
 * the process.
 */
const UNTRIED_FACTOR = 3;
/** Milliseconds after the deadline for handlers to notice it, and again for releases and acknowledgements. */
const GRACE_MS = 1000;
/** Part of a drain's budget that is kept for stopping, and its bound in milliseconds. */
const DRAIN_RESERVE = { share: 0.2, maxMs: 10_000 };

/**
 * The machine of one queue. A message on its way:
 *
 *     received ─▶ ready ─▶ running ─┬▶ accepted ─────────────────▶ acknowledged
 *                   ▲               ├▶ rejected ─▶ dead letter ──▶ acknowledged
 *                   │               └▶ retry ─┬─▶ hidden, delivered again by the queue
 *                   └──────── waiting ◀───────┘   (after a short Retry-After)
 *
 * Its visibility is renewed from when it is received until just before it is acknowledged, hidden or released. Read the
 * functions downwards: receive and admit, pump, run, settle, stop. How a message leaves is in `leaving.ts`.
 */
export function createConsumer(deps: ConsumerDeps): Consumer {
  const { queue, deadLetters, clock, random, logger } = deps;
  const options: ConsumerOptions = { ...CONSUMER_DEFAULTS, ...deps.options };
  const { on, emit } = createEmitter<ConsumerEvents>(logger);
  const counts = countEvents(on);
  const inFlight = createInFlightMessages(clock);
  const ready: InFlightMessage[] = [];
  /** Ends every wait for the service at the very end. */
  const end = new AbortController();
  // Every message that waits for the service listens.
  setMaxListeners(0, end.signal);
  let state: 'new' | 'started' | 'stopping' = 'new';
  let running = 0;
  /** Milliseconds for which a receive hides a message: a setting of the queue, learned from its answers. */
  let hiddenMs = 0;
  let waitSeconds = options.waitSeconds;
  let cancelResume = () => {};
  let onQueueEmpty = () => {};
  let lastFailure: string | undefined;
  let stopped: Promise<StopReport> | undefined;

  const limiter = createLimiter({ max: options.concurrency, clock, random });
  const health = createSinkHealth({ clock, random, concurrency: limiter.limit });
  const lane = createRetryLane({ clock });
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
      health.forget(messageId);
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
    minRoomToPoll: () => Math.ceil(capacity() / 2),
    isIdle: () => inFlight.size() === 0,
    onMessages(messages, requested) {
      emit('receiveCompleted', { requested, received: messages.length });
      for (const message of messages) admit(message);
      pump();
      if (messages.length === 0 && inFlight.size() === 0) onQueueEmpty();
    },
    onFailed: (error) => emit('receiveFailed', { error }),
  });
  const leaving = createLeaving({
    queue,
    deadLetters,
    gate,
    acknowledger,
    clock,
    random,
    backoff: options.retry,
    emit,
    end: end.signal,
    onLeft: forget,
  });

  /** Messages that may be in flight now: those that are handled, and those that wait for their turn. */
  function capacity(): number {
    const limit = limiter.limit();
    return limit + Math.min(options.prefetch, limit);
  }

  /** How many more messages may be received now. */
  function room(): number {
    if (state !== 'started' || limiter.pauseMs() > 0 || acknowledger.pending() >= MAX_UNACKNOWLEDGED)
      return 0;
    return capacity() - inFlight.size();
  }

  /** Takes a received message: it becomes ready, unless nothing will be tried with it. */
  function admit(message: ReceivedMessage): void {
    // Both times are the service's, so its clock may differ from ours. Of a redelivery only one of them is new.
    if (message.dequeueCount === 1) hiddenMs = message.nextVisibleTime - message.firstDequeueTime;
    const item = track(message);
    inFlight.add(item);
    emit('messageReceived', { message });
    if (state === 'stopping') void leaving.release(item);
    else if (exceedsUntriedLimit(message))
      void leaving.deadLetter(item, exhausted(message, 'it was never finished'));
    else ready.push(item);
  }

  /** Renews the visibility of a message until it leaves. When that is no longer possible, its attempt is aborted. */
  function track(message: ReceivedMessage): InFlightMessage {
    const { messageId, receiptHandle } = message;
    const { visibilitySeconds: seconds, maxAgeSeconds } = options;
    const receivedAt = clock.monotonic();
    const isIdle = () => item.phase === 'ready' || item.phase === 'waiting';
    const keeper = keepVisibility({
      clock,
      receipt: { receiptHandle, expiresAt: receivedAt + hiddenMs },
      seconds,
      maxAgeMs: maxAgeSeconds * 1000,
      renew: (handle, signal) => gate.call(() => queue.changeVisibility(handle, seconds), signal),
      onRenewed: () => emit('visibilityRenewed', { messageId, seconds }),
      onFailed: (error) => emit('renewalFailed', { messageId, error }),
      onLost() {
        emit('messageLost', { messageId, during: 'renew' });
        item.attempt?.abort(stopReason('the message was redelivered elsewhere'));
        if (isIdle()) forget(item);
      },
      onTooOld() {
        emit('messageTimedOut', { messageId, ageMs: clock.monotonic() - receivedAt });
        item.attempt?.abort(stopReason('handling the message took too long'));
        if (isIdle()) void leaving.release(item);
      },
    });
    const item: InFlightMessage = { message, keeper, phase: 'ready', attempts: 0 };
    return item;
  }

  /** Whether a message came back so often that trying it again is too dangerous. */
  function exceedsUntriedLimit({ messageId, dequeueCount }: ReceivedMessage): boolean {
    const limit = UNTRIED_FACTOR * options.maxDequeueCount;
    return dequeueCount - health.sparedDeliveries(messageId) > limit && !health.seemsDown();
  }

  /** Starts the handlers that may start, then receives what fits. Called whenever something has changed. */
  function pump(): void {
    if (state !== 'started') return;
    cancelResume();
    const pause = () => Math.max(limiter.pauseMs(), health.pauseMs());
    while (running < limiter.limit() && ready.length > 0 && pause() === 0) void run(takeReady());
    const pauseMs = pause();
    if (pauseMs > 0) cancelResume = clock.after(pauseMs, pump);
    receiver.pump();
  }

  /** Messages that never failed come first: a sink that seems down is probed with another message than the last one. */
  function takeReady(): InFlightMessage {
    const index = ready.findIndex(({ message }) => !health.hasFailed(message.messageId));
    return ready.splice(Math.max(0, index), 1)[0]!;
  }

  /** One attempt at a message, and what follows from it. */
  async function run(item: InFlightMessage): Promise<void> {
    const { messageId } = item.message;
    const attempt = new Attempt(++item.attempts, (delivery) => {
      if (delivery.result !== 'retry') health.answered();
      emit('recordDelivered', { messageId, ...delivery });
    });
    item.phase = 'running';
    item.attempt = attempt;
    running++;
    const startedAt = clock.monotonic();
    health.began();
    const delivery = await callHandler(item.message, attempt);
    running--;
    if (!attempt.isAborted()) adapt(item.message, delivery, startedAt);
    // The slot is free now; what follows waits for the service.
    const tookMs = clock.monotonic() - startedAt;
    const settling = item.phase === 'running' ? settle(item, delivery, tookMs) : undefined;
    pump();
    await settling;
  }

  /** Never throws: the kind of an error decides what becomes of the message. */
  async function callHandler(message: ReceivedMessage, attempt: Attempt): Promise<Delivery> {
    try {
      return await deps.handle(message, attempt);
    } catch (thrown) {
      return deliveryOf(toAppError(thrown));
    }
  }

  /** Adapts the concurrency to what the sink can take, unless the delivery only tells of its message. */
  function adapt(message: ReceivedMessage, delivery: Delivery, startedAt: number): void {
    const before = limiter.limit();
    if (delivery.result === 'retry') {
      const { overloaded = false, retryAfterMs } = delivery;
      if (overloaded && !health.isSuspect(message.messageId)) limiter.overloaded(startedAt, retryAfterMs);
      health.failed(message, overloaded);
    } else {
      limiter.succeeded();
      health.answered();
    }
    if (limiter.limit() !== before) emit('concurrencyChanged', { limit: limiter.limit() });
  }

  /** Sends the message on the way that its delivery decides. */
  function settle(item: InFlightMessage, delivery: Delivery, tookMs: number): Promise<void> | void {
    if (delivery.result === 'accepted') return leaving.acknowledge(item);
    if (delivery.result === 'rejected') return leaving.deadLetter(item, delivery);
    if (state === 'stopping') return leaving.release(item);
    return tryAgain(item, delivery, tookMs);
  }

  /** Waits here when the sink asked for a short time; otherwise the queue delivers again, up to the dequeue limit. */
  function tryAgain(item: InFlightMessage, delivery: RetryDelivery, tookMs: number): Promise<void> | void {
    const { reason, retryAfterMs, overloaded = false } = delivery;
    const { messageId } = item.message;
    if (isExhausted(item.message)) return leaving.deadLetter(item, exhausted(item.message, reason));
    const waitsHere =
      retryAfterMs !== undefined &&
      retryAfterMs <= options.waitHereMs &&
      item.attempts < MAX_ATTEMPTS_PER_RECEIPT &&
      // Messages that wait here take room from others.
      !health.isSuspect(messageId);
    if (!waitsHere) {
      const laneMs = health.isDown() ? 0 : lane.reserve(tookMs, limiter.limit());
      const delayMs = Math.max(retryAfterMs ?? 0, Math.min(laneMs, options.retry.capMs));
      return leaving.hide(item, { reason, overloaded, retryAfterMs: delayMs });
    }
    item.phase = 'waiting';
    item.cancelWait = clock.after(retryAfterMs, () => {
      item.phase = 'ready';
      ready.push(item);
      pump();
    });
    emit('messageRetried', { messageId, reason, overloaded, where: 'here', delayMs: retryAfterMs });
  }

  /** Whether the message has failed as often as allowed. A failure of the sink does not count, unless it lasts too long. */
  function isExhausted({ messageId, dequeueCount, enqueueTime, nextVisibleTime }: ReceivedMessage): boolean {
    // By the clock of the service, which hid the message when it was received.
    const ageMs = nextVisibleTime - hiddenMs - enqueueTime;
    if (ageMs >= options.sinkOutageGraceSeconds * 1000) return dequeueCount >= options.maxDequeueCount;
    if (health.isSpared(messageId)) return false;
    return dequeueCount - health.sparedDeliveries(messageId) >= options.maxDequeueCount;
  }

  /** The message is no longer this process's: makes room for others. */
  function forget(item: InFlightMessage): void {
    item.phase = 'leaving';
    item.cancelWait?.();
    const index = ready.indexOf(item);
    if (index >= 0) ready.splice(index, 1);
    inFlight.delete(item);
    if (inFlight.size() === 0) acknowledger.flushSoon();
    pump();
  }

  /** Receives nothing more, waits for handlers until the deadline, then aborts and releases what is left. */
  async function shutDown(deadlineMs: number, graceMs = GRACE_MS): Promise<StopReport> {
    state = 'stopping';
    cancelResume();
    const received = receiver.stop();
    for (const item of inFlight.all())
      if (item.phase === 'ready' || item.phase === 'waiting') void leaving.release(item);
    ready.length = 0;
    void acknowledger.flush(end.signal);
    await inFlight.empty(deadlineMs);
    for (const item of inFlight.all()) item.attempt?.abort(stopReason('the consumer stops'));
    await inFlight.empty(graceMs);
    const abandoned = inFlight.all().filter((item) => item.phase === 'running');
    for (const item of abandoned) void leaving.release(item);
    const cancelEnd = clock.after(graceMs, () => end.abort(stopReason('the consumer has stopped')));
    const ended = new Promise<void>((resolve) => onAbort(end.signal, resolve));
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
    await inFlight.empty(GRACE_MS);
    await acknowledger.flush(end.signal);
  }

  /** Works until the queue is empty; part of the budget is kept for stopping. */
  async function drain(budgetMs: number): Promise<DrainReport> {
    const reserveMs = Math.min(budgetMs * DRAIN_RESERVE.share, DRAIN_RESERVE.maxMs);
    waitSeconds = Math.min(waitSeconds, 1);
    const empty = await new Promise<boolean>((resolve) => {
      const cancel = clock.after(budgetMs - reserveMs, () => resolve(false));
      onQueueEmpty = () => {
        cancel();
        resolve(true);
      };
      start();
    });
    const failure = lastFailure;
    const graceMs = Math.min(GRACE_MS, reserveMs / 3);
    stopped ??= shutDown(reserveMs - 2 * graceMs, graceMs);
    return { ...(await stopped), empty, failure };
  }

  function start(): void {
    if (state !== 'new') return;
    state = 'started';
    pump();
  }

  return {
    on,
    start,
    stop({ deadlineMs = 20_000 } = {}) {
      stopped ??= shutDown(deadlineMs);
      return stopped;
    },
    drain: ({ budgetMs }) => drain(budgetMs),
    ready: () => state === 'started' && gate.healthy(),
    inFlight: inFlight.size,
    concurrency: limiter.limit,
    setConcurrency(concurrency) {
      limiter.setMax(concurrency);
      pump();
    },
  };
}

function exhausted(message: ReceivedMessage, reason: string) {
  return { code: 'DequeueLimitExceeded', reason: `received ${message.dequeueCount} times; ${reason}` };
}

function stopReason(message: string): DOMException {
  return new DOMException(message, 'AbortError');
}

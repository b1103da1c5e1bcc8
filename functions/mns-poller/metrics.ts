import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Consumer } from '../../shared/mns/consumer/index.ts';
import type { MessageQueue } from '../../shared/mns/queue.ts';
import type { RuntimeDeps } from '../../shared/runtime/deps.ts';
import { toAppError } from '../../shared/runtime/errors.ts';

export interface MetricsOptions extends Pick<RuntimeDeps, 'clock' | 'logger'> {
  readonly consumer: Consumer;
  readonly queue: MessageQueue;
}

/** Milliseconds for which the depth of the queue is cached. */
const DEPTH_MAX_AGE_MS = 15_000;
const AGE_BUCKETS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400];
const SINK_BUCKETS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60];

/** Prometheus metrics of one consumer, from its events. */
export function createMetrics(options: MetricsOptions): Registry {
  const registry = new Registry();
  countEvents(options, registry);
  gaugeConsumer(options, registry);
  gaugeQueue(options, registry);
  return registry;
}

function countEvents({ consumer: { on }, clock }: MetricsOptions, registry: Registry): void {
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({ name: `mnsoss_poller_${name}_total`, help, labelNames, registers: [registry] });

  const received = counter('messages_received', 'Messages received, redeliveries included.');
  const age = new Histogram({
    name: 'mnsoss_poller_message_age_seconds',
    help: 'Seconds from sending to receiving a message.',
    buckets: AGE_BUCKETS,
    registers: [registry],
  });
  on('messageReceived', ({ message }) => {
    received.inc();
    // The clocks of the queue and of this machine may differ.
    age.observe(Math.max(0, clock.now() - message.enqueueTime) / 1000);
  });

  const delivered = counter('records_delivered', 'Records delivered to the sink, by result.', 'result');
  const sinkSeconds = new Histogram({
    name: 'mnsoss_poller_sink_seconds',
    help: 'Seconds that the sink took for one record.',
    labelNames: ['result'],
    buckets: SINK_BUCKETS,
    registers: [registry],
  });
  on('recordDelivered', ({ result, seconds }) => {
    delivered.inc({ result });
    sinkSeconds.observe({ result }, seconds);
  });

  const retried = counter(
    'messages_retried',
    'Messages that are retried, by reason and place.',
    'reason',
    'where',
  );
  on('messageRetried', ({ reason, where }) => retried.inc({ reason: reasonLabel(reason), where }));
  const dead = counter('messages_dead_lettered', 'Messages that became dead letters, by code.', 'code');
  on('messageDeadLettered', ({ code }) => dead.inc({ code }));
  const deleted = counter('messages_deleted', 'Messages deleted from the queue.');
  on('messageDeleted', () => deleted.inc());
  const released = counter('messages_released', 'Messages released because the poller stopped.');
  on('messageReleased', () => released.inc());
  const lost = counter('messages_lost', 'Messages whose receipt handle expired first.', 'during');
  on('messageLost', ({ during }) => lost.inc({ during }));
  const renewed = counter('visibility_renewals', 'Renewals of a visibility timeout.');
  on('visibilityRenewed', () => renewed.inc());
  const timedOut = counter('messages_timed_out', 'Messages whose handler took longer than the maximum age.');
  on('messageTimedOut', () => timedOut.inc());

  const failed = counter('failures', 'Failed requests, by operation and code.', 'operation', 'code');
  on('receiveFailed', ({ error: { code } }) => failed.inc({ operation: 'receive', code }));
  on('deleteFailed', ({ error: { code } }) => failed.inc({ operation: 'delete', code }));
  on('renewalFailed', ({ error: { code } }) => failed.inc({ operation: 'renew', code }));
  on('releaseFailed', ({ error: { code } }) => failed.inc({ operation: 'release', code }));
  on('deadLetterFailed', ({ error: { code } }) => failed.inc({ operation: 'dead_letter', code }));
}

function gaugeConsumer({ consumer }: MetricsOptions, registry: Registry): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `mnsoss_poller_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge('in_flight', 'Messages received, and neither finished nor released.', consumer.inFlight);
  gauge('concurrency_limit', 'Handlers that may run at once now.', consumer.concurrency);
  gauge('ready', '1 when the last call to the queue succeeded.', () => Number(consumer.ready()));
}

function gaugeQueue({ queue, clock, logger }: MetricsOptions, registry: Registry): void {
  let readAt = Number.NEGATIVE_INFINITY;
  new Gauge({
    name: 'mnsoss_poller_queue_messages',
    help: 'Messages in the queue, by state: active, inactive (received) or delayed. Absent when it cannot be read.',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      if (clock.monotonic() - readAt < DEPTH_MAX_AGE_MS) return;
      readAt = clock.monotonic();
      try {
        const { activeMessages, inactiveMessages, delayMessages } = await queue.attributes();
        this.set({ state: 'active' }, activeMessages);
        this.set({ state: 'inactive' }, inactiveMessages);
        this.set({ state: 'delayed' }, delayMessages);
      } catch (thrown) {
        this.reset();
        const { code, message } = toAppError(thrown);
        logger.warn({ code, reason: message }, 'the depth of the queue is unknown');
      }
    },
  });
}

/** The code at the beginning of a reason, because labels need few values: `HTTP 503` of `HTTP 503: try later`. */
function reasonLabel(reason: string): string {
  const code = /^(HTTP \d{3}|[A-Z][A-Za-z]{2,39})(?=[:,]|$)/.exec(reason)?.[0];
  return code ?? 'other';
}

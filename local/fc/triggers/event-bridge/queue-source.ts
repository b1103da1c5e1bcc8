import { createMnsClient } from '../../../../shared/mns/client.ts';
import type { MessageQueue, ReceivedMessage } from '../../../../shared/mns/queue.ts';
import { staticCredentials } from '../../../../shared/runtime/credentials.ts';
import { toAppError } from '../../../../shared/runtime/errors.ts';
import type { BridgeTriggerConfig } from '../../settings/trigger.ts';
import type { RunningTrigger, TriggerDeps, TriggerOf } from '../runner.ts';
import { type BridgeEvent, createBatchDelivery } from './deliver.ts';
import { parsePattern } from './pattern.ts';

/** doc: messages that one call receives. */
const MAX_RECEIVED = 16;
const WAIT_SECONDS = 5;
/** A batch keeps its messages hidden for this time, which is renewed while it is in progress. */
const HIDDEN_SECONDS = 60;
/** Before the next try when MNS does not answer, or the queue does not exist. */
const PAUSE_MS = 1000;

/** Reads the queue, and invokes the function with batches of its messages; a message is deleted when its batch is done. */
export function startQueueSource(
  of: TriggerOf,
  config: BridgeTriggerConfig,
  deps: TriggerDeps,
): RunningTrigger {
  const { clock, logger } = deps;
  const parameters = config.eventSourceConfig.eventSourceParameters!.sourceMNSParameters!;
  const client = createMnsClient({
    endpoint: deps.mnsUrl,
    credentials: staticCredentials(deps.credentials),
    clock,
  });
  const queue = client.queue(parameters.QueueName);
  const deliver = createBatchDelivery(of, config, deps);
  const fits = parsePattern(config.eventRuleFilterPattern);
  const { CountBasedWindow = 100, TimeBasedWindow = 3 } = config.runOptions?.batchWindow ?? {};
  const stop = new AbortController();

  const work = async (messages: readonly ReceivedMessage[]) => {
    const events = messages.map((message) => eventOf(message, of, parameters.IsBase64Decode ?? true, deps));
    const hold = await holdMessages(queue, messages, deps);
    try {
      // doc: what the pattern does not select is taken from the queue and dropped.
      const outcome = await deliver(events.filter(fits), stop.signal);
      const handles = hold.handles();
      if (outcome === 'done') for (const part of inParts(handles)) await queue.delete(part);
    } finally {
      hold.stop();
    }
  };

  const run = async () => {
    let collected: ReceivedMessage[] = [];
    let since = clock.now();
    while (!stop.signal.aborted) {
      try {
        const left = CountBasedWindow - collected.length;
        const waitSeconds = collected.length === 0 ? WAIT_SECONDS : 0;
        const received = await queue.receive({
          max: Math.min(left, MAX_RECEIVED),
          waitSeconds,
          signal: stop.signal,
        });
        if (collected.length === 0) since = clock.now();
        collected.push(...received);
        const isFull = collected.length >= CountBasedWindow;
        const isLate = clock.now() - since >= TimeBasedWindow * 1000;
        if (collected.length > 0 && (isFull || isLate)) {
          const batch = collected;
          collected = [];
          await work(batch);
        } else if (received.length === 0) {
          // MNS holds the call open until a message comes; a window that is open is looked at more often.
          await clock.sleep(collected.length > 0 ? 100 : 20, stop.signal);
        }
      } catch (error) {
        if (stop.signal.aborted) return;
        const { code, message } = toAppError(error);
        logger.warn(
          { functionName: of.functionName, code, reason: message },
          'queue of a trigger cannot be read',
        );
        await clock.sleep(PAUSE_MS, stop.signal).catch(() => {});
      }
    }
  };

  const running = config.triggerEnable ? run().catch(() => {}) : Promise.resolve();
  return {
    async stop() {
      stop.abort();
      await running;
      client.close();
    },
  };
}

/** Keeps messages hidden from others; the receipt handles change with each renewal. */
async function holdMessages(
  queue: MessageQueue,
  messages: readonly ReceivedMessage[],
  { clock, logger }: TriggerDeps,
): Promise<{ handles: () => string[]; stop: () => void }> {
  let handles = messages.map(({ receiptHandle }) => receiptHandle);
  let cancel = () => {};
  const renew = async () => {
    try {
      const changed = await Promise.all(
        handles.map((handle) => queue.changeVisibility(handle, HIDDEN_SECONDS)),
      );
      handles = changed.map(({ receiptHandle }) => receiptHandle);
    } catch (error) {
      logger.warn({ reason: toAppError(error).message }, 'messages of a batch may come a second time');
    }
    cancel = clock.after((HIDDEN_SECONDS * 1000) / 2, () => void renew());
  };
  await renew();
  return { handles: () => handles, stop: () => cancel() };
}

/** doc: the event of a message. */
function eventOf(
  { messageId, body, enqueueTime }: ReceivedMessage,
  { functionName, trigger }: TriggerOf,
  decodes: boolean,
  { region, accountId, clock, newId, url }: TriggerDeps,
): BridgeEvent {
  const { QueueName: queue } = JSON.parse(trigger.triggerConfig).eventSourceConfig.eventSourceParameters
    .sourceMNSParameters;
  return {
    id: messageId,
    source: `MNS-${functionName}-${trigger.triggerName}`,
    specversion: '1.0',
    type: 'mns:Queue:SendMessage',
    datacontenttype: 'application/json; charset=utf-8',
    subject: `acs:mns:${region}:${accountId}:queues/${queue}`,
    time: new Date(enqueueTime).toISOString(),
    aliyunaccountid: accountId,
    aliyunoriginalaccountid: accountId,
    aliyunpublishtime: new Date(clock.now()).toISOString(),
    aliyuneventbusname: `MNS-${functionName}-${trigger.triggerName}`,
    aliyunregionid: region,
    aliyunpublishaddr: new URL(url()).hostname,
    data: { requestId: newId(), messageId, messageBody: decodes ? decoded(body) : body },
  };
}

/** guess: what is no Base64 of text stays as it is. */
function decoded(body: string): string {
  const isBase64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(body) && body.trim().length % 4 === 0;
  if (!isBase64) return body;
  const bytes = Buffer.from(body, 'base64');
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : body;
}

function inParts(handles: readonly string[]): string[][] {
  const parts: string[][] = [];
  for (let at = 0; at < handles.length; at += MAX_RECEIVED) parts.push(handles.slice(at, at + MAX_RECEIVED));
  return parts;
}

import { notificationOf } from '../../../events/notification.ts';
import type { ObjectChange } from '../../../events/object-change.ts';
import type { BridgeTriggerConfig } from '../../settings/trigger.ts';
import type { RunningTrigger, TriggerDeps, TriggerOf } from '../runner.ts';
import { type BridgeEvent, createBatchDelivery } from './deliver.ts';
import { parsePattern } from './pattern.ts';

/**
 * The events of OSS on the default bus, in batches where the trigger asks for them. Events that wait for their batch live
 * as long as the process.
 */
export function startOssSource(
  of: TriggerOf,
  config: BridgeTriggerConfig,
  deps: TriggerDeps,
): RunningTrigger {
  const { clock, logger, onObjectChange } = deps;
  const fits = parsePattern(config.eventRuleFilterPattern);
  const deliver = createBatchDelivery(of, config, deps);
  const { CountBasedWindow = 1, TimeBasedWindow = 0 } = config.runOptions?.batchWindow ?? {};
  const stop = new AbortController();
  let collected: BridgeEvent[] = [];
  let cancel = () => {};
  // One batch after the other, in the order of the events.
  let delivered: Promise<unknown> = Promise.resolve();

  const flush = () => {
    cancel();
    cancel = () => {};
    const batch = collected;
    collected = [];
    if (batch.length === 0) return;
    delivered = delivered
      .then(() => deliver(batch, stop.signal))
      .catch((error: unknown) => {
        const log = { functionName: of.functionName, trigger: of.trigger.triggerName, events: batch.length };
        logger.error({ ...log, err: error }, 'events of OSS were lost');
      });
  };
  const unsubscribe = config.triggerEnable
    ? onObjectChange?.((change) => {
        const event = eventOf(change, deps);
        if (!fits(event)) return;
        collected.push(event);
        if (collected.length >= CountBasedWindow) flush();
        else if (collected.length === 1) cancel = clock.after(TimeBasedWindow * 1000, flush);
      })
    : undefined;
  return {
    async stop() {
      unsubscribe?.();
      flush();
      stop.abort();
      await delivered;
    },
  };
}

/** doc: an event of OSS in EventBridge holds one record. */
function eventOf(change: ObjectChange, { region, accountId, clock, newId }: TriggerDeps): BridgeEvent {
  const { ownerId, bucket, key, eventName, sourceIp } = change;
  const [record] = JSON.parse(notificationOf(change, '', region)).events;
  const { ruleId: _, ...oss } = record.oss;
  return {
    id: newId(),
    source: 'acs.oss',
    specversion: '1.0',
    type: `oss:${eventName}`,
    datacontenttype: 'application/json; charset=utf-8',
    subject: `acs:oss:${region}:${ownerId}:${bucket}/${key}`,
    time: record.eventTime,
    aliyunaccountid: accountId,
    aliyunoriginalaccountid: ownerId,
    aliyunpublishtime: new Date(clock.now()).toISOString(),
    aliyuneventbusname: 'default',
    aliyunregionid: region,
    aliyunpublishaddr: sourceIp,
    data: { ...record, oss },
  };
}

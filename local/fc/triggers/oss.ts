import { matches } from '../../events/filter.ts';
import { notificationOf } from '../../events/notification.ts';
import type { OssTriggerConfig } from '../settings/trigger.ts';
import { functionArn } from '../store/records.ts';
import { type RunningTrigger, type TriggerDeps, type TriggerOf, targetOf } from './runner.ts';

/** doc: one prefix and one suffix; event names lose their `oss:`; OSS triggers invoke asynchronously. */
export function startOssTrigger(of: TriggerOf, config: OssTriggerConfig, deps: TriggerDeps): RunningTrigger {
  const { functionName, trigger } = of;
  const { onObjectChange, invocations, region, logger } = deps;
  const bucket = trigger.sourceArn?.split(':').pop() ?? '';
  const { prefix = '', suffix = '' } = config.filter.key;
  const eventTypes = config.events.map((event) => event.replace(/^oss:/, ''));
  const stop = onObjectChange?.((change) => {
    if (!matches({ eventTypes, resources: [{ bucket, prefix, suffix }] }, change)) return;
    const event = Buffer.from(notificationOf(change, trigger.triggerName, region));
    Promise.resolve()
      .then(() => checkOssRole(of, deps))
      .then(() => invocations.invokeAsync(targetOf(of), event))
      .catch((error: unknown) => {
        logger.error({ functionName, trigger: trigger.triggerName, err: error }, 'event of OSS was lost');
      });
  });
  return { stop: async () => stop?.() };
}

/** OSS invokes the function with the role of the trigger. */
export function checkOssRole({ functionName, trigger }: TriggerOf, deps: TriggerDeps): void {
  if (!trigger.invocationRole) return;
  deps.checkRole?.(trigger.invocationRole, {
    service: 'oss.aliyuncs.com',
    action: 'fc:InvokeFunction',
    resource: functionArn(deps, functionName),
  });
}

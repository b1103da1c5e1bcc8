import type { ObjectChange } from '../rules/index.ts';
import { recordOf } from '../events/notification.ts';
import { matches } from '../rules/rule.ts';

/** An OSS trigger. doc: one prefix and one suffix, no pattern. */
export interface OssTrigger {
  readonly name: string;
  readonly functionName: string;
  readonly bucket: string;
  /** `oss:ObjectCreated:PutObject`, as in a trigger's configuration. */
  readonly events: readonly string[];
  readonly prefix?: string;
  readonly suffix?: string;
}

/** The event of the trigger, or `undefined` when the change is none of its own. doc: event names lose their `oss:`. */
export function ossTriggerEvent(
  trigger: OssTrigger,
  change: ObjectChange,
  region: string,
): Buffer | undefined {
  const { name, bucket, events, prefix = '', suffix = '' } = trigger;
  const rule = {
    name,
    eventTypes: events.map((event) => event.replace(/^oss:/, '')),
    resources: [{ bucket, prefix, suffix }],
    endpoints: [],
  };
  if (!matches(rule, change.eventName, change.bucket, change.key)) return undefined;
  return Buffer.from(JSON.stringify({ events: [recordOf(change, name, region)] }));
}

import { matches } from '../events/filter.ts';
import { notificationOf } from '../events/notification.ts';
import type { ObjectChange } from '../events/object-change.ts';

/** An OSS trigger. doc: one prefix and one suffix, no pattern. */
export interface OssTrigger {
  readonly name: string;
  readonly functionName: string;
  readonly bucket: string;
  /** `oss:ObjectCreated:PutObject`, as in a trigger's configuration. */
  readonly events: readonly string[];
  /** @default '' */
  readonly prefix?: string;
  /** @default '' */
  readonly suffix?: string;
}

/** The event of the trigger, or `undefined` if it does not select the change. doc: event names lose their `oss:`. */
export function ossTriggerEvent(
  { name, bucket, events, prefix = '', suffix = '' }: OssTrigger,
  change: ObjectChange,
  region: string,
): Buffer | undefined {
  const eventTypes = events.map((event) => event.replace(/^oss:/, ''));
  if (!matches({ eventTypes, resources: [{ bucket, prefix, suffix }] }, change)) return undefined;
  return Buffer.from(notificationOf(change, name, region));
}

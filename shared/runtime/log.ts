import { mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** The fields of one log line; values are ids, counts and durations, never secrets or bodies. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** The same logger with fields that every line repeats. */
  child(fields: LogFields): Logger;
}

const LEVELS = { debug: 10, info: 20, warn: 30, error: 40, silent: 50 } as const;
type Level = Exclude<keyof typeof LEVELS, 'silent'>;

/** Field names whose values are never printed, however deep they stand; the last line of defence. */
const SECRET_FIELDS: ReadonlySet<string> = new Set([
  'accessKeySecret',
  'accessKeyId',
  'securityToken',
  'authorization',
  'Authorization',
  'security-token',
  'x-oss-security-token',
  'embedding',
  'signature',
]);

export interface LogOptions {
  readonly level?: keyof typeof LEVELS;
  /** Where lines go: a function, or a file that is appended to; standard output when both are absent. */
  readonly write?: (line: string) => void;
  readonly file?: string;
}

/**
 * JSON lines: `level` as a word, `time` in ISO 8601, the fields, and `msg`. Written at once, so that a function that is
 * frozen or a process that is killed loses no line. Forty lines rather than a library, which would take a third of the
 * time in which a function loads.
 */
export function createLogger({ level = 'info', write, file }: LogOptions = {}): Logger {
  return loggerWith({}, LEVELS[level], write ?? (file === undefined ? toStandardOutput : appendTo(file)));
}

export const silentLogger: Logger = createLogger({ level: 'silent' });

function loggerWith(bound: LogFields, least: number, write: (line: string) => void): Logger {
  const log = (level: Level) => (fields: LogFields, message: string) => {
    if (LEVELS[level] < least) return;
    write(`${format({ level, time: new Date().toISOString(), ...bound, ...fields, msg: message })}\n`);
  };
  return {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    child: (fields) => loggerWith({ ...bound, ...fields }, least, write),
  };
}

function format(line: LogFields): string {
  try {
    return JSON.stringify(line, printable);
  } catch (error) {
    // A line that contains itself is still a line: whoever reads it learns that it was there.
    const { level, time, msg } = line;
    return JSON.stringify({ level, time, msg, unprintable: String(error) });
  }
}

function printable(key: string, value: unknown): unknown {
  if (SECRET_FIELDS.has(key) && value !== undefined) return '[secret]';
  if (typeof value === 'bigint') return String(value);
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return { ...value, name, message, stack, cause };
}

// Pipes and files take it synchronously; see "A note on process I/O" in Node's documentation.
function toStandardOutput(line: string): void {
  process.stdout.write(line);
}

function appendTo(file: string): (line: string) => void {
  mkdirSync(dirname(file), { recursive: true });
  const descriptor = openSync(file, 'a');
  return (line) => void writeSync(descriptor, line);
}

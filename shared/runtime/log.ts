import pino from 'pino';
import { visibleText } from './visible.ts';

/** The fields of one log line: ids, counts and durations. Never secrets or bodies. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** The same logger with fields that every line repeats. */
  child(fields: LogFields): Logger;
}

/** Fields whose values are never printed, at the top level and one level below: the last line of defence. */
const SECRET_FIELDS = [
  'accessKeySecret',
  'accessKeyId',
  'securityToken',
  'authorization',
  'Authorization',
  'security-token',
  'x-oss-security-token',
  'embedding',
  'signature',
];

export interface LogOptions {
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Where lines go: a function, or a file to append to. `@default` standard output */
  readonly write?: (line: string) => void;
  readonly file?: string;
  /** Fields of every line, asked for when it is logged. */
  readonly fields?: () => LogFields;
}

/** JSON lines: `level` as a word, `time` in ISO 8601, `msg`, and the fields. */
export function createLogger({ level = 'info', write, file, fields }: LogOptions = {}): Logger {
  // Synchronous: a frozen function or a killed process loses no line.
  const sink = write ?? openDestination(file);
  return pino(
    {
      level,
      base: null,
      // A space before the time: `s logs` takes a first word that holds a time for a date, and shows that instead.
      timestamp: () => `, "time":"${new Date().toISOString()}"`,
      mixin: fields,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: SECRET_FIELDS.flatMap((name) => [path(name), `*${path(name, true)}`]),
        censor: '[secret]',
      },
    },
    // JSON escapes C0 controls only. A log is read on terminals too.
    { write: (text: string) => sink(visibleText(text)) },
  );
}

function openDestination(file: string | undefined): (line: string) => void {
  const destination = pino.destination({ dest: file ?? 1, sync: true, mkdir: true });
  return (line) => void destination.write(line);
}

/** Writes nothing and does not load pino. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};

/** Names with a hyphen need brackets in pino's redaction paths. */
function path(name: string, nested = false): string {
  if (name.includes('-')) return `["${name}"]`;
  return nested ? `.${name}` : name;
}

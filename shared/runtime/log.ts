import pino from 'pino';

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

/** Field names whose values are never printed, wherever they stand; the last line of defence. */
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
  /** Where lines go: a function, or a file that is appended to; standard output when both are absent. */
  readonly write?: (line: string) => void;
  readonly file?: string;
}

/** JSON lines: `level` as a word, `time` in ISO 8601, `msg`, and the fields. */
export function createLogger({ level = 'info', write, file }: LogOptions = {}): Logger {
  // Synchronous, so that a function that is frozen or a process that is killed loses no line.
  const destination = write ? { write } : pino.destination({ dest: file ?? 1, sync: true, mkdir: true });
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: SECRET_FIELDS.flatMap((name) => [path(name), `*${path(name, true)}`]),
        censor: '[secret]',
      },
    },
    destination,
  );
}

/** Says nothing, and needs no pino. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};

/** pino's redaction paths want brackets around names with a hyphen. */
function path(name: string, nested = false): string {
  if (name.includes('-')) return `["${name}"]`;
  return nested ? `.${name}` : name;
}

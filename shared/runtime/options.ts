import * as z from 'zod/mini';
import { AppError } from './errors.ts';
import { withoutSecrets } from './without-secrets.ts';

/** One option of a program. The tables in `docs/configuration.md` are generated from these. */
export interface OptionSpec<T> {
  /** Environment variable. */
  readonly env: string;
  /** Older names that still work. They are searched after `env`. */
  readonly aliases?: readonly string[];
  /** Parses the text of the environment variable or flag. */
  readonly schema: z.ZodMiniType<T, unknown>;
  /** Without a default, and unless the schema is optional, the option must be set. */
  readonly default?: T;
  /** Unit and bounds, e.g. `seconds, 1–43,200`. */
  readonly unit: string;
  /** What it does, and what follows from a high or low value. */
  readonly about: string;
  /** Never printed. */
  readonly secret?: boolean;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec<unknown>>>;
export type OptionsOf<S extends OptionSpecs> = {
  [K in keyof S]: S[K] extends OptionSpec<infer T> ? T : never;
};

/** Keeps the literal types of a table of options. */
export function defineOptions<const S extends OptionSpecs>(specs: S): S {
  return specs;
}

/** The command-line flag of an option: `maxPixels` → `--max-pixels`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * Flags override the environment, which overrides defaults. Throws `ConfigInvalid` with every fault at once. It never quotes
 * the value of a secret, nor a password in a URL.
 */
export function readOptions<S extends OptionSpecs>(
  specs: S,
  env: NodeJS.ProcessEnv,
  flags: Readonly<Record<string, string | undefined>> = {},
): OptionsOf<S> {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const { text, from } = find(name, spec, env, flags);
    if (text === undefined) {
      if (spec.default === undefined && !z.safeParse(spec.schema, undefined).success) {
        faults.push(`${spec.env} (${flagOf(name)}) must be set: ${spec.about}`);
      }
      values[name] = spec.default;
      continue;
    }
    const parsed = z.safeParse(spec.schema, text);
    if (parsed.success) values[name] = parsed.data;
    else faults.push(faultOf(from, spec, text, parsed.error.issues));
  }
  if (faults.length > 0) throw new AppError('ConfigInvalid', faults.join('; '), { details: { faults } });
  return values as OptionsOf<S>;
}

/** A schema that explains itself, by a custom issue, has the last word. */
function faultOf(
  from: string,
  { unit, secret }: OptionSpec<unknown>,
  text: string,
  issues: readonly { readonly code?: string; readonly message: string }[],
): string {
  const got = secret ? '' : `, got ${JSON.stringify(withoutSecrets(text))}`;
  const why = issues.find(({ code }) => code === 'custom')?.message;
  return `${from} must be ${unit}${got}${why === undefined ? '' : `: ${why}`}`;
}

function find(
  name: string,
  spec: OptionSpec<unknown>,
  env: NodeJS.ProcessEnv,
  flags: Readonly<Record<string, string | undefined>>,
): { text: string | undefined; from: string } {
  const flag = flags[name];
  if (flag !== undefined) return { text: flag, from: flagOf(name) };
  for (const variable of [spec.env, ...(spec.aliases ?? [])]) {
    // An empty variable counts as unset: container platforms can only empty a variable.
    if (env[variable]) return { text: env[variable], from: variable };
  }
  return { text: undefined, from: spec.env };
}

/** The values that an option may have: the schema of its text, and the same in words. */
type Values<T> = Pick<OptionSpec<T>, 'schema' | 'unit'>;

// Created once: every schema costs time at the start of a function.
const toNumber = z.transform((value: string) => Number(value));
const digits = z.pipe(z.string().check(z.regex(/^-?\d{1,15}$/)), toNumber);
const fraction = z.pipe(z.string().check(z.regex(/^-?\d+(\.\d+)?$/)), toNumber);
const notEmpty = z.string().check(z.minLength(1));

export function text(unit: string, pattern?: RegExp): Values<string> {
  return { schema: pattern ? z.string().check(z.regex(pattern)) : notEmpty, unit };
}

export function integer(unit: string, min: number, max: number): Values<number> {
  return numberFrom(digits, unit, min, max);
}

export function decimal(unit: string, min: number, max: number): Values<number> {
  return numberFrom(fraction, unit, min, max);
}

function numberFrom(parsed: z.ZodMiniType<number>, unit: string, min: number, max: number): Values<number> {
  const schema = z.pipe(parsed, z.number().check(z.minimum(min), z.maximum(max)));
  return { schema, unit: `${unit}, ${grouped(min)}–${grouped(max)}` };
}

/** With commas between thousands. `Intl` would take milliseconds to load. */
const grouped = (value: number) => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

export const port: Values<number> = { ...integer('port', 0, 65_535), unit: 'port, 0 = any' };

export const flag: Values<boolean> = {
  schema: z.pipe(
    z.enum(['true', 'false', '1', '0', 'yes', 'no']),
    z.transform((value) => value === 'true' || value === '1' || value === 'yes'),
  ),
  unit: 'true or false',
};

export function oneOf<const T extends string>(...values: readonly T[]): Values<T> {
  const names = values.map((value) => `\`${value}\``);
  return {
    schema: z.enum(values) as z.ZodMiniType<T, unknown>,
    unit: names.join(', ').replace(/, ([^,]+)$/, ' or $1'),
  };
}

/** The option may be absent. */
export function optional<T>({ schema, unit }: Values<T>): Values<T | undefined> {
  return { schema: z.optional(schema), unit };
}

/** Comma-separated. Spaces around items are removed; an empty text is an empty list. */
export function listOf<T>(item: z.ZodMiniType<T, unknown>): z.ZodMiniType<T[], unknown> {
  const split = z.transform((value: string): unknown[] =>
    value
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  );
  return z.pipe(z.pipe(z.string(), split), z.array(item));
}

/** The row that every program with a log has. */
export const LOG_LEVEL = {
  env: 'LOG_LEVEL',
  ...oneOf('debug', 'info', 'warn', 'error', 'silent'),
  default: 'info' as const,
  about: 'Lines below it are not written.',
};

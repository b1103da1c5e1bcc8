import { parseArgs } from 'node:util';
import { AppError } from './errors.ts';
import { flagOf, type OptionSpecs, type OptionsOf, readOptions } from './options.ts';

/** The options of a program, from its flags and its environment. */
export function readProgramOptions<S extends OptionSpecs>(specs: S): OptionsOf<S> {
  return readOptions(specs, process.env, readFlags(specs, process.argv.slice(2)));
}

/** Reads `--max-pixels 5` and `--max-pixels=5` for the names of the table. Throws `ConfigInvalid` for others. */
export function readFlags(specs: OptionSpecs, argv: readonly string[]): Record<string, string | undefined> {
  const names = Object.keys(specs);
  const options = Object.fromEntries(
    names.map((name) => [flagOf(name).slice(2), { type: 'string' }] as const),
  );
  try {
    const { values } = parseArgs({ args: [...argv], options, strict: true, allowPositionals: false });
    return Object.fromEntries(
      names.map((name) => [name, values[flagOf(name).slice(2)] as string | undefined]),
    );
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('ConfigInvalid', reason, { cause });
  }
}

import { toAppError } from './errors.ts';
import { visible } from './visible.ts';

/**
 * Runs a program. An error ends it with exit code 1 and one line `code: message` on standard error.
 *
 * @param options.exit end the process when `main` returns, even if something still holds a connection. `@default false`
 */
export function runProgram(main: () => Promise<void>, { exit = false }: { exit?: boolean } = {}): void {
  main().then(
    () => exit && process.exit(),
    (thrown) => {
      const { code, message } = toAppError(thrown);
      process.stderr.write(`${visible(`${code}: ${message}`)}\n`);
      process.exitCode = 1;
    },
  );
}

/** Resolves at the first of the signals. Without it, a program that is process 1 of a container ignores them. */
export function firstSignal(...signals: readonly NodeJS.Signals[]): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of signals) process.once(signal, () => resolve(signal));
  });
}

import { inspect } from 'node:util';
import { type AppError, ERROR_CODES, isAppError } from '../shared/runtime/errors.ts';
import { line, printError, style } from '../shared/runtime/terminal.ts';

/** Prints the error and its fix; prints a stack only for an unexpected error. */
export function reportFailure(error: unknown): void {
  process.exitCode = 1;
  if (isAppError(error) && error.code !== 'Unexpected') {
    const [first = '', ...others] = linesOf(error);
    printError(line`${style.red(error.code)}: ${first}`, ...others, style.dim(ERROR_CODES[error.code].fix));
  } else {
    printError(...inspect(error).split('\n'));
  }
}

/** An error that is a list of faults has one line for each. */
function linesOf({ message, details: { faults } }: AppError): readonly string[] {
  return Array.isArray(faults) && faults.join('\n') === message ? faults : [message];
}

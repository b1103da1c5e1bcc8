import pc from 'picocolors';
import { ERROR_CODES, isAppError } from '../shared/runtime/errors.ts';

/** Prints the error and its fix; prints a stack only for an unexpected error. */
export function reportFailure(error: unknown): void {
  process.exitCode = 1;
  if (isAppError(error) && error.code !== 'Unexpected') {
    console.error(`${pc.red(error.code)}: ${error.message}`);
    console.error(pc.dim(ERROR_CODES[error.code].fix));
  } else {
    console.error(error);
  }
}

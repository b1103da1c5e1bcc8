import pc from 'picocolors';
import { ERROR_CODES, isAppError } from '../shared/runtime/errors.ts';

/** Tells what went wrong and what to do; a stack only for what nobody foresaw. */
export function reportFailure(error: unknown): void {
  process.exitCode = 1;
  if (isAppError(error) && error.code !== 'Unexpected') {
    console.error(`${pc.red(error.code)}: ${error.message}`);
    console.error(pc.dim(ERROR_CODES[error.code].fix));
  } else {
    console.error(error);
  }
}

import { AppError } from '../runtime/errors.ts';
import { MAX_KEY_BYTES } from './limits.ts';

/** Throws `InvalidRequest` for a key that OSS rejects: empty, too long, with a slash first, or invalid UTF-8. */
export function assertKey(key: string): void {
  const bytes = Buffer.byteLength(key);
  if (bytes === 0 || bytes > MAX_KEY_BYTES)
    throw refused(`must have 1 to ${MAX_KEY_BYTES} bytes of UTF-8, but has ${bytes}`);
  if (key.startsWith('/') || key.startsWith('\\')) throw refused('must not begin with a slash or backslash');
  if (/\p{Surrogate}/u.test(key)) throw refused('must be well-formed Unicode, but has a lone surrogate');
}

function refused(why: string): AppError {
  return new AppError('InvalidRequest', `object key ${why}`);
}

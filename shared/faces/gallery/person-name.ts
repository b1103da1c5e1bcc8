import { AppError } from '../../runtime/errors.ts';

/** Bytes of UTF-8. Leaves room for a photo's name in an object key of 1,023 bytes. */
const MAX_NAME_BYTES = 128;

/**
 * The form of a name in which names are compared and stored. One name can be written in several ways that look alike: macOS
 * decomposes the letters of file names, other systems compose them.
 */
export function canonicalName(name: string): string {
  return name.normalize('NFC');
}

/** Throws `PersonNameInvalid` for a name that cannot be a single folder of an object key. */
export function assertPersonName(name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes === 0 || bytes > MAX_NAME_BYTES) {
    throw invalid(name, `must have 1 to ${MAX_NAME_BYTES} bytes of UTF-8, but has ${bytes}`);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it checks for
  if (/[/\\\u0000-\u001f\u007f]/.test(name))
    throw invalid(name, 'must not have slashes or control characters');
  if (/[\ud800-\udfff]/u.test(name)) throw invalid(name, 'must be well-formed Unicode');
  if (name !== name.trim() || name === '.' || name === '..') {
    throw invalid(name, 'must not be `.` or `..`, nor start or end with white space');
  }
}

function invalid(name: string, why: string): AppError {
  return new AppError('PersonNameInvalid', `the name ${JSON.stringify(name)} ${why}`);
}

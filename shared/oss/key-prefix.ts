import { AppError } from '../runtime/errors.ts';
import { MAX_KEY_BYTES } from './limits.ts';

const RULES: readonly (readonly [RegExp, string])[] = [
  [/^[/\\]/, 'no key begins with a slash or a backslash'],
  [/(^|\/)\.{1,2}(\/|$)/, 'keys have no folders `.` and `..`: they are not resolved'],
  [/[,;]/, 'it is one prefix, not a list'],
  [/[*?]/, 'it is a prefix, not a pattern: without `*` and `?`'],
  [/["'`[\]]/, 'it is plain text, without quotation marks and brackets'],
  [/\\/, 'folders in keys end with `/`, not with a backslash'],
  [/\p{Cc}|\p{Cs}|^\s|\s$/u, 'it has no control characters, and no white space around it'],
];

/**
 * Why a setting is no key prefix: most likely, it would match nothing. `undefined` for a valid one. An empty prefix is valid
 * and matches every key.
 */
export function whyNotKeyPrefix(prefix: string): string | undefined {
  const bytes = Buffer.byteLength(prefix);
  if (bytes > MAX_KEY_BYTES) return `it has ${bytes} bytes, a key has at most ${MAX_KEY_BYTES}`;
  return RULES.find(([pattern]) => pattern.test(prefix))?.[1];
}

/** Throws `ConfigInvalid` with the name of the setting. */
export function assertKeyPrefix(setting: string, prefix: string): void {
  const why = whyNotKeyPrefix(prefix);
  if (why !== undefined) throw new AppError('ConfigInvalid', `${setting} ${JSON.stringify(prefix)}: ${why}`);
}

import { AppError } from '../runtime/errors.ts';
import { MAX_METADATA_BYTES } from './limits.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a header cannot hold
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Throws `InvalidRequest` for a type that a header cannot hold. */
export function normalizeContentType(contentType = 'application/octet-stream'): string {
  if (CONTROL.test(contentType)) throw refused('the content type has a control character');
  return contentType.trim();
}

/**
 * User metadata as OSS will return it: values lose white space at their ends, because they are sent as headers. Throws
 * `InvalidRequest` for what a header cannot hold.
 */
export function normalizeMetadata(metadata: Readonly<Record<string, string>> = {}): Record<string, string> {
  const normalized: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(metadata)) {
    if (!/^[a-z0-9][a-z0-9-]*$/.test(name))
      throw refused(`name "${name}" may only have lower-case letters, digits and hyphens`);
    if (CONTROL.test(value)) throw refused(`value of "${name}" has a control character`);
    normalized[name] = value.trim();
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  if (bytes > MAX_METADATA_BYTES) throw refused(`has ${bytes} bytes, but at most ${MAX_METADATA_BYTES} fit`);
  return normalized;
}

function refused(why: string): AppError {
  return new AppError('InvalidRequest', `object metadata: ${why}`);
}

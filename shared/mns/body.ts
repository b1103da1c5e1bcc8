import { AppError } from '../runtime/errors.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 cannot hold, even escaped
const UNSENDABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/u;

/** Throws `InvalidRequest` for a body that XML cannot carry unchanged. Base64, as OSS sends it, is always possible. */
export function assertSendable(body: string): void {
  const found = UNSENDABLE.exec(body);
  if (!found) return;
  const codePoint = found[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
  throw new AppError(
    'InvalidRequest',
    `a message body travels in XML, which cannot hold U+${codePoint} at index ${found.index}: encode it as Base64`,
  );
}

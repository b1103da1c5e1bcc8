import { AppError } from '../runtime/errors.ts';

/** Throws `ConfigInvalid` naming `setting`. */
export function parseHttpUrl(setting: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new AppError('ConfigInvalid', `${setting} needs a URL that begins with http:// or https://`);
}

import { readFile } from 'node:fs/promises';
import { ageOf, type Moment, momentOf } from '../runtime/age.ts';
import type { Clock } from '../runtime/clock.ts';
import { AppError } from '../runtime/errors.ts';

/** The bearer token to send now. `refresh` reads it again, because the sink has just refused the cached one. */
export type TokenProvider = (options?: { refresh?: boolean }) => Promise<string>;

/** Milliseconds for which a token is cached. Kubernetes writes a new one long before the old one expires. */
const CACHED_MS = 60_000;

/** A token that another program keeps fresh in a file. Throws `ConfigInvalid` when it cannot be read or is empty. */
export function createTokenFile(path: string, clock: Clock): TokenProvider {
  let token = '';
  let readAt: Moment | undefined;
  return async ({ refresh = false } = {}) => {
    if (!refresh && ageOf(readAt, clock) < CACHED_MS) return token;
    token = await read(path);
    readAt = momentOf(clock);
    return token;
  };
}

async function read(path: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new AppError('ConfigInvalid', `the token for the sink cannot be read from ${path}`, { cause });
  }
  // A line break would end the header.
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new AppError(
    'ConfigInvalid',
    `the token for the sink in ${path} is empty or has characters that a token must not have`,
  );
}

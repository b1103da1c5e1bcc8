import { readFile } from 'node:fs/promises';
import type { Clock } from '../runtime/clock.ts';
import { AppError } from '../runtime/errors.ts';

/** The bearer token to send now; `refresh` drops what is held, because the sink has just refused it. */
export type TokenProvider = (options?: { refresh?: boolean }) => Promise<string>;

/** How long a token is held, in milliseconds; Kubernetes writes a new one long before the old one expires. */
const HELD_MS = 60_000;

/** A token that something else keeps fresh in a file. Throws `ConfigInvalid` when it cannot be read or is empty. */
export function createTokenFile(path: string, clock: Clock): TokenProvider {
  let token = '';
  let readAt = Number.NEGATIVE_INFINITY;
  return async ({ refresh = false } = {}) => {
    if (!refresh && clock.now() - readAt < HELD_MS) return token;
    token = await read(path);
    readAt = clock.now();
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
  throw new AppError('ConfigInvalid', `the token for the sink in ${path} is empty or no token`);
}

import { readFileSync, statSync } from 'node:fs';
import { createMnsClient, type MnsClient } from '../../shared/mns/client.ts';
import { decodeToken, type MnsOssToken } from '../../shared/mns/token.ts';
import { ageOf, momentOf } from '../../shared/runtime/age.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import { type CredentialProvider, staticCredentials } from '../../shared/runtime/credentials.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import type { PollerOptions } from './options.ts';

export interface Connection {
  readonly client: MnsClient;
  readonly endpoint: string;
}

/** Milliseconds between two looks at the token's file. */
const RECHECK_MS = 10_000;

/** Connects to MNS with the token, or with the endpoint and the platform's credentials. */
export function connectMns(options: PollerOptions, platform: CredentialProvider, clock: Clock): Connection {
  const connect = (endpoint: string, credentials: CredentialProvider): Connection => ({
    endpoint,
    client: createMnsClient({ endpoint, credentials, clock }),
  });
  if (options.token) {
    const token = decodeToken(options.token);
    return connect(options.endpoint ?? token.url, staticCredentials(token.credentials));
  }
  if (options.tokenFile) {
    const { url } = readToken(options.tokenFile);
    return connect(options.endpoint ?? url, tokenFileCredentials(options.tokenFile, clock));
  }
  return connect(options.endpoint!, platform);
}

/** Follows a mounted Secret: reads its file again when it has changed, and when the service rejects the key. */
export function tokenFileCredentials(path: string, clock: Clock): CredentialProvider {
  let { url, credentials } = readToken(path);
  let modified = statSync(path).mtimeMs;
  let lookedAt = momentOf(clock);
  const endpoint = url;
  return async ({ refresh = false } = {}) => {
    if (!refresh && ageOf(lookedAt, clock) < RECHECK_MS) return credentials;
    lookedAt = momentOf(clock);
    const { mtimeMs } = statSync(path);
    if (mtimeMs === modified && !refresh) return credentials;
    ({ url, credentials } = readToken(path));
    modified = mtimeMs;
    if (url === endpoint) return credentials;
    throw new AppError('TokenMalformed', `the url in ${path} has changed: restart the poller to use it`);
  };
}

function readToken(path: string): MnsOssToken {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new AppError('ConfigInvalid', `the token's file ${path} cannot be read`, { cause });
  }
  return decodeToken(text);
}

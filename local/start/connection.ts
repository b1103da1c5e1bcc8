import { randomBytes, randomInt } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../shared/runtime/errors.ts';
import type { Account } from '../access/account.ts';

/** How to reach a local cloud. Stored in its data folder for other commands; only the owner can read it. */
export interface Connection {
  readonly ossUrl: string;
  readonly mnsUrl: string;
  /** Missing in data folders that were written before FaceBody was added. */
  readonly facebodyUrl?: string;
  /** Function Compute, RAM, STS and Log Service; missing in data folders that were written before they were added. */
  readonly fcUrl?: string;
  /** The gateway with TLS, if the cloud was started with one. */
  readonly tls?: { readonly url: string; readonly caFile: string };
  readonly region: string;
  /** The bucket that `mnsoss-face start` watches; missing if only `mnsoss-face cloud` was ever started. */
  readonly bucket?: string;
  readonly queue?: string;
  readonly account: Account;
}

const fileIn = (dataDir: string) => join(dataDir, 'connection.json');

/** The account of a data folder: random at the first start, the same at every later start. */
export async function accountOf(dataDir: string): Promise<Account> {
  const known = await readConnection(dataDir);
  if (known) return known.account;
  return {
    accountId: `1${Array.from({ length: 15 }, () => randomInt(10)).join('')}`,
    accessKeyId: `LOCAL${randomBytes(9).toString('hex')}`,
    accessKeySecret: randomBytes(24).toString('base64url'),
  };
}

export async function writeConnection(dataDir: string, connection: Connection): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const temporary = `${fileIn(dataDir)}.new`;
  await writeFile(temporary, `${JSON.stringify(connection, null, 2)}\n`, { mode: 0o600 });
  await rename(temporary, fileIn(dataDir));
}

/** `undefined` when nothing was ever started on this data folder. */
export async function readConnection(dataDir: string): Promise<Connection | undefined> {
  let text: string;
  try {
    text = await readFile(fileIn(dataDir), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as Connection;
  } catch (error) {
    throw new AppError('ConfigInvalid', `${fileIn(dataDir)} is damaged: remove it and start again`, {
      cause: error,
    });
  }
}

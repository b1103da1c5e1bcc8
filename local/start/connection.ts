import { randomBytes, randomInt } from 'node:crypto';
import * as path from 'node:path';
import { AppError } from '../../shared/runtime/errors.ts';
import type { Account } from '../access/account.ts';
import type { DataFolder } from '../disk/data-folder.ts';
import { createDurableFiles } from '../disk/durable-files.ts';
import { readSealed, writeSealed } from '../disk/sealed-json.ts';
import { findOwner } from '../oss/store/find-owner.ts';

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

/** What a start finds of earlier starts. */
export interface EarlierStart {
  readonly connection?: Connection;
  readonly account?: Account;
}

const connectionFile = (dataDir: string) => path.join(dataDir, 'connection.json');
/** A second copy of the account: without it, nobody could use the buckets of a folder that lost its `connection.json`. */
const accountFile = (dataDir: string) => path.join(dataDir, 'account.json');

export async function writeConnection(dataDir: string, connection: Connection): Promise<void> {
  const files = createDurableFiles(true);
  await files.makeFolder(path.resolve(dataDir));
  await writeSealed(accountFile(dataDir), connection.account, files);
  await writeSealed(connectionFile(dataDir), connection, files);
}

/** `undefined` when nothing was ever started on this data folder. */
export async function readConnection(dataDir: string): Promise<Connection | undefined> {
  const { state, value } = await readSealed<Connection>(connectionFile(dataDir));
  if (state !== 'damaged') return value;
  const message = `${connectionFile(dataDir)} is damaged: start the local cloud again, which writes it anew`;
  throw new AppError('ConfigInvalid', message);
}

/** Reads what earlier starts left. A damaged file is set aside, and the account comes from its second copy. */
export async function readEarlierStart(data: DataFolder): Promise<EarlierStart> {
  const connection = await readSealed<Connection>(connectionFile(data.path));
  const account = await readSealed<Account>(accountFile(data.path));
  if (account.state === 'damaged') await setAside(accountFile(data.path), data);
  // A flipped bit can hide the checksum, but not in a folder of version 0.1, which had no second copy.
  const isValid =
    connection.state === 'valid' || (connection.state === 'unsealed' && account.state === 'missing');
  if (isValid) return { connection: connection.value, account: connection.value.account };
  if (connection.state !== 'missing') await setAside(connectionFile(data.path), data);
  if (account.state === 'valid') return { account: account.value };
  const accountId = await findOwner(path.join(data.path, 'oss'));
  if (accountId === undefined) return {};
  data.report({
    what: 'account.json',
    problem: `is lost, and so is the access key of account ${accountId}, which owns the buckets`,
    remedy: 'the account has a new access key',
  });
  return { account: newAccount(accountId) };
}

/** Reports which of the two files is damaged, and returns the account. */
export async function verifyConnection({
  path: dataDir,
  relative,
  report,
}: DataFolder): Promise<Account | undefined> {
  const connection = await readSealed<Connection>(connectionFile(dataDir));
  const account = await readSealed<Account>(accountFile(dataDir));
  if (connection.state === 'damaged')
    report({ what: relative(connectionFile(dataDir)), problem: 'is damaged' });
  if (account.state === 'damaged') report({ what: relative(accountFile(dataDir)), problem: 'is damaged' });
  return account.value ?? connection.value?.account;
}

/** A random account. */
export function newAccount(
  accountId = `1${Array.from({ length: 15 }, () => randomInt(10)).join('')}`,
): Account {
  return {
    accountId,
    accessKeyId: `LOCAL${randomBytes(9).toString('hex')}`,
    accessKeySecret: randomBytes(24).toString('base64url'),
  };
}

async function setAside(file: string, { relative, aside, report }: DataFolder): Promise<void> {
  const copy = await aside.move(file);
  report({
    what: relative(file),
    problem: 'is damaged',
    remedy: `it is written anew; the old one is ${copy}`,
  });
}

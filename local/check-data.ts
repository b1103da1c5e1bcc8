import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { AppError } from '../shared/runtime/errors.ts';
import { DEFAULT_ACCOUNT } from './cloud.ts';
import { type Damage, type DataFolder, openDataFolder } from './disk/data-folder.ts';
import { lockDataDir } from './disk/data-lock.ts';
import { checkJournal } from './disk/journal.ts';
import { readSealedFile } from './disk/sealed-file.ts';
import { galleryFiles } from './facebody/store/gallery-store.ts';
import { asyncQueueFiles } from './fc/invocations/async-queue.ts';
import { functionFiles } from './fc/store/function-store.ts';
import { projectsFile } from './logs/store/log-store.ts';
import { ledgerFiles, openLedger } from './mns/store/ledger.ts';
import { repairOss } from './oss/store/repair.ts';
import { verifyOss } from './oss/store/verify.ts';
import { ramFile } from './ram/store/ram-store.ts';
import { ruleFiles } from './rules/store/rule-book.ts';
import { readEarlierStart, verifyConnection, writeConnection } from './start/connection.ts';

/** Reports everything that is not as it was written in a data folder, and changes nothing. */
export function verifyDataFolder(dataDir: string, report: (damage: Damage) => void): Promise<void> {
  return checkFolder(dataDir, openDataFolder(dataDir, 'verify', report), async (data) => {
    await checkJournal(ledgerFiles(data), data);
    const { accountId } = (await verifyConnection(data)) ?? DEFAULT_ACCOUNT;
    await verifyOss(path.join(dataDir, 'oss'), data, accountId);
  });
}

/** Mends a data folder, and reports what was wrong and what was done. What is damaged is set aside, not deleted. */
export function repairDataFolder(dataDir: string, report: (damage: Damage) => void): Promise<void> {
  return checkFolder(dataDir, openDataFolder(dataDir, 'repair', report), async (data) => {
    const ledger = await openLedger(data);
    await ledger.close();
    const { connection, account = DEFAULT_ACCOUNT } = await readEarlierStart(data);
    if (connection) await writeConnection(dataDir, connection);
    await repairOss(path.join(dataDir, 'oss'), data, account.accountId);
  });
}

/** Function Compute, RAM and Log Service have a folder only if something was deployed. */
async function checkPlatform(data: DataFolder): Promise<void> {
  const queue = asyncQueueFiles(data);
  if (await exists(queue.folder)) await checkJournal(queue, data);
  const functions = await functionFiles(data);
  for (const file of [...functions, ramFile(data), projectsFile(data)]) await readSealedFile(file, data);
}

function exists(file: string): Promise<boolean> {
  return fs.access(file).then(
    () => true,
    () => false,
  );
}

async function checkFolder(
  dataDir: string,
  data: DataFolder,
  checkRest: (data: DataFolder) => Promise<void>,
): Promise<void> {
  await fs.access(dataDir).catch((cause) => {
    throw new AppError('ConfigInvalid', `there is no data folder ${dataDir}: pass --data-dir`, { cause });
  });
  let lost: unknown;
  const unlock = await lockDataDir(dataDir, {
    onLost(error) {
      lost = error;
    },
  });
  try {
    for (const files of [galleryFiles, ruleFiles]) await checkJournal(files(data), data);
    await checkPlatform(data);
    await checkRest(data);
  } finally {
    await unlock();
  }
  if (lost) throw lost;
}

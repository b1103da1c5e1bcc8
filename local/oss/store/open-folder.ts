import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { AppError } from '../../../shared/runtime/errors.ts';
import { crc32 } from '../../disk/checksum.ts';
import type { Damage, DataFolder } from '../../disk/data-folder.ts';
import { readIfExists } from '../../disk/stored-file.ts';
import { cleanLog } from './clean-log.ts';
import { openStorage, type Storage, type StorageDeps } from './storage.ts';
import { sweepBlobs } from './sweep.ts';
import { takeOverV1 } from './v1/take-over.ts';

const FORMAT = '2';
const FORMAT_LINE = `${FORMAT} ${crc32(Buffer.from(FORMAT))}\n`;

export interface FolderDeps extends StorageDeps {
  /** The account that owns a bucket whose record is lost. */
  readonly ownerId: string;
}

export interface FolderStorage extends Storage {
  /** Resolves when what interrupted uploads left was deleted. */
  readonly swept: Promise<void>;
}

/** Opens the folder of OSS, takes over the data of version 0.1, and keeps the folder tidy in the background. */
export async function openFolder(deps: FolderDeps): Promise<FolderStorage> {
  const { folder, files, data, logger } = deps;
  await files.makeFolder(folder);
  const formatFile = path.join(folder, 'format');
  const format = await readFormat(formatFile, data);
  let isSound = true;
  const report = (damage: Damage) => {
    isSound = false;
    data.report(damage);
  };
  const own = { ...deps, data: { ...data, report } };
  const names = await fs.readdir(folder);
  const folderV1 = path.join(folder, 'buckets');
  const marker = path.join(folder, 'taking-over');
  if (names.includes('taking-over')) await removeUnfinished(folder, data);
  const isTakeOver = names.includes('buckets') && (names.includes('taking-over') || !names.includes('log'));
  if (isTakeOver) await files.write(marker, '');
  else if (names.includes('buckets')) await setAsideV1(folderV1, own);
  if (names.includes('log') && !isTakeOver && format !== 'valid') {
    report({ what: data.relative(formatFile), problem: `is ${format}`, remedy: 'it was written again' });
  }

  const ending = new AbortController();
  const { signal } = ending;
  const storage: Storage = await openStorage({
    ...own,
    onCheckpoint: () => cleanLog(path.join(folder, 'log'), storage, { signal }),
  });
  try {
    if (isTakeOver) {
      await takeOverV1(folderV1, { ...own, storage });
      await storage.checkpoint();
    }
    if (format !== 'valid') await files.write(formatFile, FORMAT_LINE);
    if (isTakeOver) {
      if (!isSound) await data.aside.move(folderV1);
      await fs.rm(marker);
      await files.syncFolder(folder);
      await fs.rm(folderV1, { recursive: true, force: true });
    }
  } catch (error) {
    await storage.close();
    throw error;
  }

  const keep = isSound ? undefined : async (file: string) => void (await data.aside.move(file));
  const sweeping = sweepBlobs(storage, { keep, signal }).catch((error) => {
    logger.warn({ err: error }, 'files of interrupted uploads were not deleted');
  });
  return {
    ...storage,
    swept: sweeping,
    async close() {
      ending.abort();
      await sweeping;
      await storage.close();
    },
  };
}

/** Throws `ConfigInvalid` if a newer version wrote the folder. */
export async function readFormat(
  file: string,
  { relative }: DataFolder,
): Promise<'valid' | 'damaged' | 'missing'> {
  const line = await readIfExists(file);
  if (line === undefined) return 'missing';
  const [format = '', sum] = line.trim().split(' ');
  if (Number(sum) !== crc32(Buffer.from(format))) return 'damaged';
  if (format === FORMAT) return 'valid';
  const message = `${relative(file)} says ${format}, expected ${FORMAT}: a newer version wrote this data folder`;
  throw new AppError('ConfigInvalid', message);
}

/** An older version was started on a folder that had been taken over, or a crash came while its data was deleted. */
async function setAsideV1(folder: string, { data }: FolderDeps): Promise<void> {
  const remedy = `it is ${await data.aside.move(folder)} now`;
  data.report({
    what: data.relative(folder),
    problem: 'has data of version 0.1 beside the data that was taken over',
    remedy,
  });
}

/** What is left of a take-over that did not end; version 0.1's data is still complete. */
async function removeUnfinished(folder: string, { contents, relative }: DataFolder): Promise<void> {
  await contents.remove(relative(path.join(folder, 'log')));
  for (const name of ['log', 'index', 'blobs']) {
    await fs.rm(path.join(folder, name), { recursive: true, force: true });
  }
}

import { open, truncate } from 'node:fs/promises';
import { type Damage, type DataFolder, storageCorrupt } from './data-folder.ts';
import { createDurableFiles, FILE_MODE } from './durable-files.ts';
import { encodeVoid, HEADER_BYTES } from './frames.ts';
import { type Flaw, type LogScan, logFile } from './scan-log.ts';

/**
 * Deals with the flaws of a log as the policy says. A log whose end is lost is cut off there, after a copy was set aside.
 * Flaws before the end are filled with void frames. What a crash interrupted was never acknowledged: it is cut off.
 * Returns whether the log is as it was written.
 */
export async function mendLog(folder: string, scan: LogScan, data: DataFolder): Promise<boolean> {
  const { policy, report, relative } = data;
  let isSound = true;
  if (scan.witness === 'missing' && !scan.end) {
    if (!(await data.contents.has(relative(folder)))) return true;
    report({
      what: relative(folder),
      problem: 'is missing',
      remedy: policy === 'verify' ? undefined : 'it begins anew',
    });
    return false;
  }
  if (scan.witness !== 'valid') {
    isSound = false;
    report({
      what: `${relative(folder)}/end`,
      problem: 'is missing or damaged: whether the end of the log was cut off cannot be told',
      remedy: 'it is written again with the next change',
    });
  }
  for (const flaw of scan.flaws) {
    const damage = describe(flaw, folder, data);
    if (isInterruptedWrite(flaw, scan)) {
      if (policy !== 'verify') await truncate(logFile(folder, flaw.file), flaw.offset);
      continue;
    }
    isSound = false;
    if (policy === 'verify') report(damage);
    else if (policy === 'start' && !flaw.isTail) throw storageCorrupt(damage);
    else report({ ...damage, remedy: await mend(flaw, scan, folder, data) });
  }
  return isSound;
}

/** Bytes at the end of a file that belong to no acknowledged frame. */
function isInterruptedWrite({ kind, file, end, lost }: Flaw, { sizes }: LogScan): boolean {
  return kind === 'damaged' && lost === 0 && end === sizes.get(file);
}

function describe({ kind, file, offset, end, lost }: Flaw, folder: string, { relative }: DataFolder): Damage {
  const what = relative(logFile(folder, file));
  if (kind === 'missing') return { what, problem: 'is missing', lost };
  if (kind === 'cut') return { what, problem: 'was cut off', offset, lost };
  return { what, problem: 'is damaged', offset, bytes: end - offset, lost };
}

async function mend(flaw: Flaw, { sizes }: LogScan, folder: string, { aside }: DataFolder): Promise<string> {
  const { kind, offset, end, nextSeq, isTail, lost = 0 } = flaw;
  const path = logFile(folder, flaw.file);
  const copy = kind === 'damaged' ? await aside.copy(path, offset, end) : undefined;
  if (isTail) {
    if (kind === 'damaged') await truncate(path, offset);
  } else {
    // Each frame that it stands for had a header at least; some may have been cut off.
    const wanted = HEADER_BYTES * Math.max(1, lost);
    const isAtEnd = kind !== 'damaged' || end === sizes.get(flaw.file);
    const length = isAtEnd ? Math.max(wanted, end - offset) : end - offset;
    const file = await open(path, kind === 'missing' ? 'w' : 'r+', FILE_MODE);
    try {
      await file.write(encodeVoid(nextSeq - 1, length), 0, length, offset);
      await file.sync();
    } finally {
      await file.close();
    }
    await createDurableFiles(true).syncFolder(folder);
  }
  return copy === undefined ? 'the log goes on without it' : `the log goes on without it; a copy is ${copy}`;
}

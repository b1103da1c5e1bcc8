import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type Damage, type DataFolder, storageCorrupt } from './data-folder.ts';

const CHECKSUM_LENGTH = 16;

/**
 * Reads a journal of version 0.1: each line is `<checksum> <JSON array of records>`, and a crash may have torn the last
 * one. Returns `false` if there is none.
 */
export async function readJournalV1<R>(
  path: string,
  { policy, report, relative }: DataFolder,
  apply: (record: R) => void,
): Promise<boolean> {
  let offset = 0;
  let bad: Damage | undefined;
  const damaged = (problem: string, bytes: number): Damage => ({
    what: relative(path),
    problem,
    offset,
    bytes,
    remedy: policy === 'verify' ? undefined : 'the entries of this line are left out',
  });
  try {
    for await (const { line, isWhole } of linesOf(path)) {
      const records = isWhole ? readLine<R>(line) : undefined;
      if (bad && policy === 'start') throw storageCorrupt(bad);
      if (bad) report(bad);
      bad = records ? undefined : damaged(isWhole ? 'is damaged' : 'ends within a line', line.length);
      records?.forEach(apply);
      offset += line.length + 1;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  if (bad) report(bad);
  return true;
}

/** `undefined` if the checksum does not match. */
function readLine<R>(line: Buffer): R[] | undefined {
  const payload = line.subarray(CHECKSUM_LENGTH + 1);
  const checksum = createHash('sha256').update(payload).digest('hex').slice(0, CHECKSUM_LENGTH);
  if (line.subarray(0, CHECKSUM_LENGTH).toString('latin1') !== checksum) return undefined;
  return JSON.parse(payload.toString('utf8')) as R[];
}

async function* linesOf(path: string): AsyncIterable<{ line: Buffer; isWhole: boolean }> {
  let pieces: Buffer[] = [];
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      pieces.push(chunk.subarray(start, end));
      yield { line: Buffer.concat(pieces), isWhole: true };
      pieces = [];
      start = end + 1;
    }
    pieces.push(chunk.subarray(start));
  }
  const rest = Buffer.concat(pieces);
  if (rest.length > 0) yield { line: rest, isWhole: false };
}

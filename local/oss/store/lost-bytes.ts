import type { DataFolder } from '../../disk/data-folder.ts';
import { logFile } from '../../disk/scan-log.ts';
import { nameOfEntry, segmentsIn } from './entries.ts';
import type { KeyIndex } from './index/key-index.ts';

type Sizes = ReadonlyMap<number, number>;

/** How many names a message has at most. */
const MAX_NAMES = 20;

/** Reports files of the log that are smaller than the index knows them, and which objects have lost bytes so. */
export function reportLostBytes(
  known: readonly (readonly [file: number, size: number])[],
  log: { readonly folder: string; readonly sizes: Sizes },
  index: Pick<KeyIndex<unknown>, 'from'>,
  { report, relative }: DataFolder,
): void {
  const cut = known.filter(([file, size]) => (log.sizes.get(file) ?? 0) < size);
  if (cut.length === 0) return;
  const names = new Map(cut.map(([file]) => [file, new Set<string>()]));
  for (const [key, value] of index.from('')) {
    for (const segment of segmentsIn(key, value)) {
      if (!('log' in segment)) continue;
      const end = log.sizes.get(segment.log) ?? 0;
      if (segment.offset + segment.size > end) names.get(segment.log)?.add(nameOfEntry(key));
    }
  }
  for (const [file, size] of cut) {
    const left = log.sizes.get(file);
    const objects = [...names.get(file)!];
    report({
      what: relative(logFile(log.folder, file)),
      problem: `${left === undefined ? 'is missing' : 'was cut off'}: the bytes of ${objects.length} objects are lost, of ${listed(objects)}`,
      offset: left ?? 0,
      bytes: size - (left ?? 0),
      lost: objects.length,
    });
  }
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).join(', ');
  return names.length > MAX_NAMES ? `${shown} and others` : shown || 'none';
}

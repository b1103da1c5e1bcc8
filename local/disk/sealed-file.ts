import type { DataFolder } from './data-folder.ts';
import { readSealed } from './sealed-json.ts';

/** The object in a file that `writeSealed` wrote; `undefined` if there is none. A damaged file is set aside and named. */
export async function readSealedFile<T extends object>(
  file: string,
  { aside, policy, relative, report }: DataFolder,
): Promise<T | undefined> {
  const { state, value } = await readSealed<T>(file);
  if (state === 'valid' || state === 'unsealed') return value;
  if (state === 'missing') return undefined;
  const damage = { what: relative(file), problem: 'is damaged' };
  if (policy === 'verify') report(damage);
  else report({ ...damage, remedy: `what it held is lost; the file is ${await aside.move(file)}` });
  return undefined;
}

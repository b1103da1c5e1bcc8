import { createHash } from 'node:crypto';
import type { DurableFiles } from './durable-files.ts';
import { readIfExists } from './stored-file.ts';

/** Writes an object as JSON that people can read, with a checksum as its last property. */
export function writeSealed(file: string, value: object, files: DurableFiles): Promise<void> {
  return files.write(file, `${JSON.stringify({ ...value, checksum: checksumOf(value) }, null, 2)}\n`);
}

export type Sealed<T> =
  | { readonly state: 'valid'; readonly value: T }
  /** JSON without a checksum, as version 0.1 wrote it. */
  | { readonly state: 'unsealed'; readonly value: T }
  | { readonly state: 'damaged' | 'missing'; readonly value?: undefined };

export async function readSealed<T extends object>(file: string): Promise<Sealed<T>> {
  const text = await readIfExists(file);
  if (text === undefined) return { state: 'missing' };
  try {
    const { checksum, ...value } = JSON.parse(text) as T & { checksum?: string };
    if (checksum === undefined) return { state: 'unsealed', value: value as T };
    if (checksum === checksumOf(value)) return { state: 'valid', value: value as T };
  } catch {
    // Not JSON.
  }
  return { state: 'damaged' };
}

function checksumOf(value: object): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}

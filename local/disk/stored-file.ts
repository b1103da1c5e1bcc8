import { readFile } from 'node:fs/promises';
import { AppError } from '../../shared/runtime/errors.ts';

/** The text of a file, or `undefined` if it does not exist. */
export async function readIfExists(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Parses the content of a file that this server wrote. Throws `StorageCorrupt` if it is not JSON. */
export function parseStored<T>(text: string, file: string): T {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError('StorageCorrupt', `${file} is not the JSON that was written there`, { cause });
  }
}

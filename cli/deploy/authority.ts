import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

/** Writes the certificate that clients have to trust into the data folder and returns its path. */
export async function writeAuthority(dataDir: string, authority: string): Promise<string> {
  const file = resolve(dataDir, 'authority.pem');
  await writeFile(file, `${authority}\n`);
  return file;
}

import type { Random } from '../../shared/runtime/random.ts';
import { hexId } from '../http/ids.ts';

export function newRequestId(random: Random): string {
  return hexId(random, 24);
}

export function newUploadId(random: Random): string {
  return hexId(random, 32);
}

/** Opaque. It contains the time, so that it is unique even if a seeded generator restarts on existing data. */
export function newVersionId(random: Random, time: number): string {
  const bytes = Buffer.from(`${time.toString(16).padStart(12, '0')}${hexId(random, 78)}`, 'hex');
  // doc: 64 characters.
  return `CAEQ${bytes.toString('base64url')}`;
}

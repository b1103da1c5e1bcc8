import type { Random } from '../../shared/runtime/random.ts';

/** Upper-case hex in the groups of a UUID, as request ids are. */
export function newRequestId(random: Random): string {
  return [8, 4, 4, 4, 12].map((digits) => hex(random, digits)).join('-');
}

/** Upper-case hex. */
export function hex(random: Random, digits: number): string {
  return Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16))
    .join('')
    .toUpperCase();
}

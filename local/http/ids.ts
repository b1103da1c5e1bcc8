import { type Random, randomDigits } from '../../shared/runtime/random.ts';

/** Hexadecimal digits in upper case, as most ids of the services are. */
export function hexId(random: Random, digits: number): string {
  return randomDigits(random, digits).toUpperCase();
}

/** A UUID in upper case, as the API gateway writes request ids. */
export function upperUuid(random: Random): string {
  return hexId(random, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

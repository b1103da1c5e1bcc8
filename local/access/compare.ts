import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares digests, so that neither the duration nor the lengths reveal anything about a secret. */
export function isSame(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}

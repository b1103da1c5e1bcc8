import { MnsRefusal } from '../errors.ts';
import type { MnsRequest } from '../wire.ts';

const MAX_PAGE = 1000;

/** One page of a list, as `x-mns-prefix`, `x-mns-marker` and `x-mns-ret-number` select it. */
export function page<T extends { readonly name: string }>(
  items: Iterable<T>,
  { headers }: MnsRequest,
): { items: T[]; nextMarker?: string } {
  const prefix = headers['x-mns-prefix'] ?? '';
  const marker = headers['x-mns-marker'] ?? '';
  const size = Number(headers['x-mns-ret-number'] ?? MAX_PAGE);
  if (!Number.isInteger(size) || size < 1 || size > MAX_PAGE) {
    throw new MnsRefusal(
      'InvalidArgument',
      `The value of x-mns-ret-number should between 1 and ${MAX_PAGE}.`,
    );
  }
  const matching = [...items]
    .filter(({ name }) => name.startsWith(prefix) && name > marker)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const chosen = matching.slice(0, size);
  // sdk: the Python SDK cannot read an empty NextMarker, so there is none on the last page.
  return { items: chosen, nextMarker: matching.length > size ? chosen.at(-1)!.name : undefined };
}

export function wantsMeta({ headers }: MnsRequest): boolean {
  return headers['x-mns-with-meta']?.toLowerCase() === 'true';
}

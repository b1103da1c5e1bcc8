import { AppError } from '../../../runtime/errors.ts';
import { assertPersonName, canonicalName } from '../person-name.ts';

/** An entity id has 1 to 64 letters, digits, `-` and `_`. An id that starts with `_` encodes another name. */
const PLAIN = /^[A-Za-z0-9-]{1,64}$/;
const MAX_ENCODED_BYTES = 47;

/**
 * The entity ids of a person: the one that is written, and the one that earlier versions wrote for a decomposed name.
 * Throws `PersonNameInvalid`.
 */
export function entityIdsOf(person: string): string[] {
  const written = entityIdOf(person);
  const decomposed = Buffer.from(person.normalize('NFD'));
  const isOther =
    decomposed.length <= MAX_ENCODED_BYTES && !decomposed.equals(Buffer.from(canonicalName(person)));
  return isOther ? [written, `_${decomposed.toString('base64url')}`] : [written];
}

/**
 * The entity id of a person: the name itself if it is a valid id, otherwise `_` and its UTF-8 in URL-safe Base64.
 * Throws `PersonNameInvalid`.
 */
export function entityIdOf(name: string): string {
  const person = canonicalName(name);
  assertPersonName(person);
  if (PLAIN.test(person)) return person;
  const bytes = Buffer.from(person);
  if (bytes.length <= MAX_ENCODED_BYTES) return `_${bytes.toString('base64url')}`;
  throw new AppError(
    'PersonNameInvalid',
    `the name ${JSON.stringify(person)} has ${bytes.length} bytes of UTF-8; a face database accepts ` +
      `${MAX_ENCODED_BYTES}, or 64 plain letters, digits and hyphens`,
  );
}

/** The person of an entity id; `undefined` for an id that another program made. */
export function personOfEntity(entityId: string): string | undefined {
  if (PLAIN.test(entityId)) return entityId;
  const person = Buffer.from(entityId.slice(1), 'base64url').toString();
  return entityId === `_${Buffer.from(person).toString('base64url')}` ? canonicalName(person) : undefined;
}

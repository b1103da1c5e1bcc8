import * as z from 'zod/mini';

const id = z.string().check(z.minLength(1), z.maxLength(200));
const person = z.string().check(z.minLength(1), z.maxLength(128));
const base = {
  /** Unique; later facts sort after earlier ones. */
  id,
  /** Who stated it, as the caller names them. */
  by: z.optional(z.string().check(z.maxLength(200))),
  /** The id of the first of the facts that were stated together. */
  together: z.optional(id),
};

/**
 * What a person said about faces; never what a program guessed. Sightings are named by their ids. A fact never changes: an
 * `undo` takes it back, and another `undo` takes that back.
 */
export const factSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...base, kind: z.literal('is'), sighting: id, person }),
  z.strictObject({ ...base, kind: z.literal('not'), sighting: id, person }),
  z.strictObject({ ...base, kind: z.literal('same'), sightings: z.array(id).check(z.minLength(2)) }),
  z.strictObject({ ...base, kind: z.literal('different'), sightings: z.tuple([id, id]) }),
  z.strictObject({ ...base, kind: z.literal('hide'), sighting: id }),
  z.strictObject({ ...base, kind: z.literal('undo'), fact: id }),
]);

export type Fact = z.infer<typeof factSchema>;

/** A fact before it is recorded. */
export type Statement = Fact extends infer F
  ? F extends Fact
    ? Omit<F, 'id' | 'by' | 'together'>
    : never
  : never;

/** The facts that are not taken back, the latest first. */
export function activeFacts(facts: Iterable<Fact>): Exclude<Fact, { kind: 'undo' }>[] {
  const latestFirst = [...new Map([...facts].map((fact) => [fact.id, fact])).values()].sort((a, b) =>
    a.id < b.id ? 1 : -1,
  );
  const undone = new Set<string>();
  const active: Exclude<Fact, { kind: 'undo' }>[] = [];
  for (const fact of latestFirst) {
    if (undone.has(fact.id)) continue;
    if (fact.kind === 'undo') undone.add(fact.fact);
    else active.push(fact);
  }
  return active;
}

import fc from 'fast-check';
import type { EnrolledFace } from '../../../shared/faces/gallery/gallery.ts';
import { sightingId } from '../../../shared/faces/index/sighting.ts';
import type { Fact } from '../../../shared/people/facts.ts';
import type { Group, SeenFace } from '../../../shared/people/groups.ts';
import { type People, peopleOf } from '../../../shared/people/people.ts';
import { anEmbedding, unit } from '../faces/index/support.ts';

export const RULES = { size: 32, threshold: 0.55 };

/** A face of the person `who`; `angle` moves it away from the person's other faces, 0 to 1. */
export function aSeenFace(
  who: number,
  {
    picture = 'p',
    number = 0,
    time = 0,
    angle = 0,
  }: { picture?: string; number?: number; time?: number; angle?: number } = {},
): SeenFace {
  const write = { bucket: 'photos', key: `${picture}.jpg`, requestId: picture, time };
  const box = { x: 0, y: 0, width: 90, height: 90 };
  return {
    id: sightingId(write, number),
    ...write,
    look: '1',
    number,
    box,
    quality: 0.8,
    embedding: faceOf(who, angle),
  };
}

export function anEnrolledFace(person: string, who: number, photo = 'a'): EnrolledFace {
  return { person, photo, embedding: faceOf(who, 0) };
}

/** People are different directions; an angle of 1 halves the cosine to the person's own direction. */
function faceOf(who: number, angle: number): Float32Array {
  const embedding = new Float32Array(RULES.size);
  embedding[who] = 1;
  const noise = anEmbedding(who * 1000 + Math.round(angle * 100), 0, RULES.size);
  return unit(embedding.map((value, i) => value + angle * 1.2 * noise[i]!));
}

/** A fact whose id sorts by `order`. */
export function aFact(order: number, fact: DistributiveOmit<Fact, 'id'>): Fact {
  return { ...fact, id: `fact-${String(order).padStart(4, '0')}` } as Fact;
}
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

export function peopleFrom(
  sightings: Iterable<SeenFace>,
  facts: readonly Fact[] = [],
  enrolled: readonly EnrolledFace[] = [],
): Promise<People> {
  return peopleOf({ sightings, enrolled, facts }, RULES);
}

/** Groups as plain values: names and sorted members, by id. */
export function summary(
  groups: readonly Group[],
): Record<string, { person?: string; members: string[]; hidden: boolean }> {
  return Object.fromEntries(
    groups.map(({ id, person, members, hidden }) => [
      id,
      { person, members: members.map(({ sighting }) => sighting.id), hidden },
    ]),
  );
}

/** Faces of a few people in pictures of one to three faces. */
export const seenFaces: fc.Arbitrary<SeenFace[]> = fc
  .array(
    fc.record({
      time: fc.nat(5),
      faces: fc.array(fc.record({ who: fc.nat(4), angle: fc.constantFrom(0, 0.3, 0.6, 1) }), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
    { minLength: 1, maxLength: 10 },
  )
  .map((pictures) =>
    pictures.flatMap(({ time, faces }, i) =>
      faces.map(({ who, angle }, number) => aSeenFace(who, { picture: `p${i}`, number, time, angle })),
    ),
  );

/** Facts about these faces, with ids in the order of the list. */
function factsAbout(faces: readonly SeenFace[]): fc.Arbitrary<Fact[]> {
  const sighting = fc.constantFrom(...faces.map(({ id }) => id));
  const person = fc.constantFrom('Anna', 'Berta');
  const statement = fc.oneof(
    fc.record({ kind: fc.constant('is' as const), sighting, person }),
    fc.record({ kind: fc.constant('not' as const), sighting, person }),
    fc.record({ kind: fc.constant('same' as const), sightings: fc.tuple(sighting, sighting) }),
    fc.record({ kind: fc.constant('different' as const), sightings: fc.tuple(sighting, sighting) }),
    fc.record({ kind: fc.constant('hide' as const), sighting }),
    fc.record({
      kind: fc.constant('undo' as const),
      fact: fc.nat(5).map((n) => aFact(n, { kind: 'hide', sighting: '' }).id),
    }),
  );
  return fc.array(statement, { maxLength: 6 }).map((list) => list.map((fact, i) => aFact(i, fact)));
}

export const scene: fc.Arbitrary<{ faces: SeenFace[]; facts: Fact[] }> = seenFaces.chain((faces) =>
  factsAbout(faces).map((facts) => ({ faces, facts })),
);

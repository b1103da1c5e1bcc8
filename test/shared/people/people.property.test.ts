import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bySightingOrder, writeIdOf } from '../../../shared/faces/index/sighting.ts';
import { combineFacts } from '../../../shared/people/constraints.ts';
import { activeFacts, type Fact } from '../../../shared/people/facts.ts';
import { createGrouping } from '../../../shared/people/groups.ts';
import { aFact, peopleFrom, RULES, scene, seenFaces, summary } from './support.ts';

const RUNS = { numRuns: 150 };

test('people do not depend on the order in which sightings and facts are read, nor on repeats', async () => {
  await fc.assert(
    fc.asyncProperty(scene, fc.infiniteStream(fc.nat()), async ({ faces, facts }, numbers) => {
      const shuffled = <T>(list: readonly T[]) =>
        list
          .map((item) => ({ item, at: numbers.next().value! }))
          .sort((a, b) => a.at - b.at)
          .map(({ item }) => item);

      const one = await peopleFrom(faces, facts);
      const other = await peopleFrom(shuffled(faces), shuffled([...facts, ...facts]));

      expect(summary(other.groups())).toEqual(summary(one.groups()));
      expect(other.contradictions).toEqual(one.contradictions);
    }),
    RUNS,
  );
});

test('groups that grew face by face are those of a regrouping from scratch', async () => {
  await fc.assert(
    fc.asyncProperty(scene, async ({ faces, facts }) => {
      const grown = createGrouping({ ...RULES, constraints: combineFacts(facts) });

      const sorted = [...faces].sort(bySightingOrder);
      for (const [i, face] of sorted.entries()) {
        grown.add(face);
        const fresh = await peopleFrom(sorted.slice(0, i + 1), facts);
        expect(summary(grown.groups())).toEqual(summary(fresh.groups()));
      }
    }),
    { numRuns: 50 },
  );
});

test('every sighting is in exactly one group, whose id is its oldest sighting', async () => {
  await fc.assert(
    fc.asyncProperty(scene, async ({ faces, facts }) => {
      const people = await peopleFrom(faces, facts);

      const members = people.groups().flatMap((group) => group.members.map(({ sighting }) => sighting.id));
      expect(members.sort()).toEqual(faces.map(({ id }) => id).sort());
      for (const { id, members } of people.groups()) {
        const [oldest] = members.map(({ sighting }) => sighting).sort(bySightingOrder);
        expect(oldest?.id).toBe(id);
      }
    }),
    RUNS,
  );
});

test('two faces of one picture are two people unless facts join them', async () => {
  await fc.assert(
    fc.asyncProperty(scene, async ({ faces, facts }) => {
      const people = await peopleFrom(faces, facts);

      const constraints = combineFacts(facts);
      for (const { members } of people.groups()) {
        const byPicture = new Map<string, string[]>();
        for (const { sighting } of members) {
          const picture = writeIdOf(sighting.id);
          byPicture.set(picture, [...(byPicture.get(picture) ?? []), sighting.id]);
        }
        for (const together of byPicture.values()) {
          const bonds = new Set(together.map((id) => constraints.bondOf(id) ?? id));
          expect(bonds.size).toBe(1);
        }
      }
    }),
    RUNS,
  );
});

test('groups agree with every fact that counts', async () => {
  await fc.assert(
    fc.asyncProperty(scene, async ({ faces, facts }) => {
      const people = await peopleFrom(faces, facts);

      const refused = new Set(people.contradictions.map(({ fact }) => fact.id));
      for (const fact of latestPerSubject(facts).filter(({ id }) => !refused.has(id))) {
        const groupOf = (id: string) => people.groupOf(id)?.id;
        if (fact.kind === 'is') expect(people.groupOf(fact.sighting)?.person).toBe(fact.person);
        if (fact.kind === 'not') expect(people.groupOf(fact.sighting)?.person).not.toBe(fact.person);
        if (fact.kind === 'same') expect(groupOf(fact.sightings[0]!)).toBe(groupOf(fact.sightings[1]!));
        if (fact.kind === 'different')
          expect(groupOf(fact.sightings[0])).not.toBe(groupOf(fact.sightings[1]));
      }
    }),
    RUNS,
  );
});

test('no two groups have the same name', async () => {
  await fc.assert(
    fc.asyncProperty(scene, async ({ faces, facts }) => {
      const names = (await peopleFrom(faces, facts)).groups().flatMap(({ person }) => person ?? []);

      expect(new Set(names).size).toBe(names.length);
    }),
    RUNS,
  );
});

test('undoing every fact gives the people of the beginning, and undoing that gives the facts back', async () => {
  await fc.assert(
    fc.asyncProperty(scene, async ({ faces, facts }) => {
      const statements = facts.filter(({ kind }) => kind !== 'undo');
      const undo = (list: readonly Fact[], from: number) =>
        list.map(({ id }, i) => aFact(from + i, { kind: 'undo', fact: id }));
      const undone = undo(statements, 100);

      const beginning = await peopleFrom(faces);
      const before = await peopleFrom(faces, statements);
      const without = await peopleFrom(faces, [...statements, ...undone]);
      const restored = await peopleFrom(faces, [...statements, ...undone, ...undo(undone, 200)]);

      expect(summary(without.groups())).toEqual(summary(beginning.groups()));
      expect(summary(restored.groups())).toEqual(summary(before.groups()));
    }),
    RUNS,
  );
});

test('naming a group changes no group', async () => {
  await fc.assert(
    fc.asyncProperty(seenFaces, async (faces) => {
      const before = await peopleFrom(faces);
      const [largest] = before.groups();

      const named = await peopleFrom(faces, [
        aFact(1, { kind: 'is', sighting: largest!.id, person: 'Anna' }),
      ]);

      const members = (people: typeof named) =>
        Object.entries(summary(people.groups())).map(([id, group]) => [id, group.members]);
      expect(members(named)).toEqual(members(before));
      expect(named.groupOf(largest!.id)?.person).toBe('Anna');
    }),
    RUNS,
  );
});

/** The facts that are neither taken back nor corrected by a later one. */
function latestPerSubject(facts: readonly Fact[]) {
  const seen = new Set<string>();
  const named = new Set<string>();
  return activeFacts(facts).filter((fact) => {
    if (fact.kind === 'hide') return false;
    if (fact.kind === 'is' && named.has(fact.sighting)) return false;
    const subject =
      'person' in fact ? `${fact.sighting} ${fact.person}` : [...fact.sightings].sort().join(' ');
    if (seen.has(subject)) return false;
    seen.add(subject);
    if (fact.kind === 'is') named.add(fact.sighting);
    return true;
  });
}

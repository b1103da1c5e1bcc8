import { expect, test } from 'vitest';
import { combineFacts } from '../../../shared/people/constraints.ts';
import type { Fact, Statement } from '../../../shared/people/facts.ts';
import type { People } from '../../../shared/people/people.ts';
import {
  denyPerson,
  findFace,
  findGroup,
  hideGroup,
  mergeGroups,
  nameGroup,
  renameFacts,
  splitGroup,
  undoFact,
} from '../../../shared/people/statements.ts';
import { anEnrolledFace, aSeenFace, peopleFrom } from './support.ts';

/** Statements as facts, in their order, after those that are there. */
function stated(facts: readonly Fact[], statements: readonly Statement[]): Fact[] {
  const first = `fact-${String(facts.length).padStart(4, '0')}`;
  return [
    ...facts,
    ...statements.map((statement, i): Fact => {
      const id = `fact-${String(facts.length + i).padStart(4, '0')}`;
      return { ...statement, id, together: first };
    }),
  ];
}

const ANNA = [1, 2, 3].map((i) => aSeenFace(1, { picture: `anna${i}`, time: i, angle: 0.2 }));
const BERTA = [1, 2].map((i) => aSeenFace(2, { picture: `berta${i}`, time: i, angle: 0.2 }));
const FACES = [...ANNA, ...BERTA];
const [annaGroup, bertaGroup] = [ANNA[0]!.id, BERTA[0]!.id];
const membersOf = (people: People, id: string) =>
  people.groupOf(id)!.members.map(({ sighting }) => sighting.id);

test('a named group keeps its id and has the name', async () => {
  const before = await peopleFrom(FACES);

  const people = await peopleFrom(FACES, stated([], nameGroup(findGroup(before, annaGroup), 'Anna')));

  expect(findGroup(people, 'Anna').id).toBe(annaGroup);
  expect(membersOf(people, annaGroup)).toHaveLength(3);
});

test('merged groups have the older id and the name of the first', async () => {
  const facts = stated([], nameGroup(findGroup(await peopleFrom(FACES), bertaGroup), 'Berta'));
  const before = await peopleFrom(FACES, facts);

  const people = await peopleFrom(
    FACES,
    stated(facts, mergeGroups(findGroup(before, 'Berta'), findGroup(before, annaGroup))),
  );

  expect(membersOf(people, annaGroup)).toHaveLength(5);
  expect(people.groupOf(annaGroup)).toMatchObject({ person: 'Berta' });
  expect(people.groups()).toHaveLength(1);
  expect(people.contradictions).toEqual([]);
});

test('two named groups become one with the name of the first', async () => {
  const start = await peopleFrom(FACES);
  const facts = stated(
    stated([], nameGroup(findGroup(start, annaGroup), 'Anna')),
    nameGroup(findGroup(start, bertaGroup), 'Berta'),
  );
  const before = await peopleFrom(FACES, facts);

  const people = await peopleFrom(
    FACES,
    stated(facts, mergeGroups(findGroup(before, 'Anna'), findGroup(before, 'Berta'))),
  );

  expect(people.groups().map(({ person }) => person)).toEqual(['Anna']);
  expect(people.contradictions).toEqual([]);
});

test('a split group keeps its id with the older half', async () => {
  const before = await peopleFrom(FACES);
  const away = ANNA[2]!.id;

  const people = await peopleFrom(
    FACES,
    stated([], splitGroup(findGroup(before, annaGroup), [away], before)),
  );

  expect(membersOf(people, annaGroup)).toEqual([ANNA[0]!.id, ANNA[1]!.id]);
  expect(membersOf(people, away)).toEqual([away]);
});

test('a split that takes all faces or a strange face is refused', async () => {
  const people = await peopleFrom(FACES);
  const group = findGroup(people, annaGroup);
  const all = ANNA.map(({ id }) => id);

  expect(() => splitGroup(group, all, people)).toThrow(/faces that leave and faces that stay/);
  expect(() => splitGroup(group, [bertaGroup], people)).toThrow(/has no face/);
});

test.each([0, 1, 2])(
  'when face %i of a named group is split off, the others keep the name',
  async (index) => {
    const facts = stated([], nameGroup(findGroup(await peopleFrom(FACES), annaGroup), 'Anna'));
    const before = await peopleFrom(FACES, facts);
    const away = ANNA[index]!.id;

    const people = await peopleFrom(
      FACES,
      stated(facts, splitGroup(findGroup(before, 'Anna'), [away], before)),
    );

    expect(people.groupOf(away)!.person).toBeUndefined();
    expect(findGroup(people, 'Anna').members).toHaveLength(2);
    expect(people.contradictions).toEqual([]);
  },
);

test.each([0, 1, 2])('when face %i of a named group is denied, the others keep the name', async (index) => {
  const facts = stated([], nameGroup(findGroup(await peopleFrom(FACES), annaGroup), 'Anna'));
  const away = ANNA[index]!.id;

  const people = await peopleFrom(
    FACES,
    stated(facts, denyPerson(away, 'Anna', await peopleFrom(FACES, facts))),
  );

  expect(people.groupOf(away)!.person).toBeUndefined();
  expect(findGroup(people, 'Anna').members).toHaveLength(2);
});

test('a face that is denied to an enrolled person leaves that person for ever', async () => {
  const enrolled = [anEnrolledFace('Anna', 1)];
  const before = await peopleFrom(FACES, [], enrolled);

  const people = await peopleFrom(FACES, stated([], denyPerson(ANNA[1]!.id, 'Anna', before)), enrolled);

  expect(before.groupOf(ANNA[1]!.id)!.person).toBe('Anna');
  expect(people.groupOf(ANNA[1]!.id)!.person).toBeUndefined();
  expect(people.groupOf(ANNA[0]!.id)!.person).toBe('Anna');
});

test('a hidden group is hidden until it has a name', async () => {
  const facts = stated([], hideGroup(findGroup(await peopleFrom(FACES), annaGroup)));
  const hidden = await peopleFrom(FACES, facts);

  const named = await peopleFrom(FACES, stated(facts, nameGroup(findGroup(hidden, annaGroup), 'Anna')));

  expect(findGroup(hidden, annaGroup).hidden).toBe(true);
  expect(findGroup(named, annaGroup).hidden).toBe(false);
});

test('undo takes back what was stated together last, and an earlier fact by its id', async () => {
  const start = await peopleFrom(FACES);
  const facts = stated([], nameGroup(findGroup(start, annaGroup), 'Anna'));
  const split = stated(facts, splitGroup(findGroup(start, annaGroup), [ANNA[1]!.id, ANNA[2]!.id], start));
  const people = await peopleFrom(FACES, split);

  const last = stated(split, undoFact(people));
  const first = stated(last, undoFact(await peopleFrom(FACES, last), facts[0]!.id));

  expect(membersOf(await peopleFrom(FACES, last), annaGroup)).toHaveLength(3);
  expect((await peopleFrom(FACES, last)).groupOf(annaGroup)!.person).toBe('Anna');
  expect((await peopleFrom(FACES, first)).groupOf(annaGroup)!.person).toBeUndefined();
  expect(() => undoFact({ facts: [] })).toThrow(/no fact to take back/);
});

test('a renamed person keeps faces and denials', async () => {
  const start = await peopleFrom(FACES);
  const facts = stated(
    stated([], nameGroup(findGroup(start, annaGroup), 'Anna')),
    denyPerson(BERTA[0]!.id, 'Anna', start),
  );

  const renamed = stated(facts, renameFacts(facts, 'Anna', 'Anne'));

  expect((await peopleFrom(FACES, renamed)).groupOf(annaGroup)!.person).toBe('Anne');
  expect(renamed.at(-1)).toMatchObject({ kind: 'not', sighting: BERTA[0]!.id, person: 'Anne' });
});

test('facts that contradict each other are reported, and the later one counts', () => {
  const facts = stated(
    [],
    [
      { kind: 'different', sightings: ['a', 'c'] },
      { kind: 'same', sightings: ['a', 'b'] },
      { kind: 'same', sightings: ['b', 'c'] },
    ],
  );

  const { contradictions, bondOf } = combineFacts(facts);

  expect(contradictions).toEqual([{ fact: facts[0], reason: 'later facts say that these are one person' }]);
  expect(bondOf('a')).toBe(bondOf('c'));
});

test('a group and a face are found by what a person can write', async () => {
  const people = await peopleFrom(FACES);

  expect(findFace(people, 'anna2.jpg#0')).toBe(ANNA[1]!.id);
  expect(findFace(people, ANNA[1]!.id)).toBe(ANNA[1]!.id);
  expect(findGroup(people, annaGroup.slice(0, 8)).id).toBe(annaGroup);
  expect(() => findGroup(people, 'nobody')).toThrow(/no group has the name or id "nobody"/);
  expect(() => findGroup(people, '')).toThrow(/2 groups have an id that starts with ""/);
  expect(() => findFace(people, 'none.jpg#0')).toThrow(/no face has the id/);
});

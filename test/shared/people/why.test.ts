import { expect, test } from 'vitest';
import { explainFace } from '../../../shared/people/why.ts';
import { aFact, anEnrolledFace, aSeenFace, peopleFrom } from './support.ts';

const THRESHOLDS = { match: 0.45, high: 0.5, group: 0.55 };

test('a face of a named person is explained by its group and the facts about it', async () => {
  const faces = [1, 2].map((i) => aSeenFace(1, { picture: `p${i}`, time: i, angle: 0.2 }));
  const people = await peopleFrom(faces, [aFact(1, { kind: 'is', sighting: faces[0]!.id, person: 'Anna' })]);

  expect(explainFace(people, faces[0]!.id, THRESHOLDS)).toEqual([
    'It is the oldest of a group with 1 other face.',
    '1 fact about this face: it is Anna (fact-0001).',
    'The group is Anna, so the face is Anna.',
  ]);
  expect(explainFace(people, faces[1]!.id, THRESHOLDS)).toEqual([
    expect.stringMatching(
      /^It is in a group with 1 other face; its similarity to them was [01]\.\d\d when it joined/,
    ),
    'The group is Anna, so the face is Anna.',
  ]);
});

test('an unknown face is explained by what it lacks to the nearest people', async () => {
  const face = aSeenFace(1, { angle: 3 });
  const people = await peopleFrom([face], [], [anEnrolledFace('Anna', 1)]);

  const lines = explainFace(people, face.id, THRESHOLDS);

  expect(lines[0]).toBe('No other face is similar enough to be the same person: groups begin at 0.55.');
  expect(lines[1]).toMatch(/^Anna: similarity 0\.\d\d, 0\.\d\d below the 0\.45 of a match\.$/);
  expect(lines[2]).toBe(`To give it a name: mnsoss-face people name ${face.id} <person>.`);
});

test('a fact that does not count is named with its reason', async () => {
  const [one, other] = [aSeenFace(1, { picture: 'a' }), aSeenFace(2, { picture: 'b' })];
  const people = await peopleFrom(
    [one, other],
    [
      aFact(1, { kind: 'not', sighting: one.id, person: 'Anna' }),
      aFact(2, { kind: 'same', sightings: [one.id, other.id] }),
      aFact(3, { kind: 'is', sighting: other.id, person: 'Anna' }),
    ],
  );

  expect(explainFace(people, one.id, THRESHOLDS)).toContain(
    'The fact fact-0001 does not count: later facts say that these are one person.',
  );
});

test('a face that is not in the index is explained by the reasons for which faces are not kept', async () => {
  expect(explainFace(await peopleFrom([]), 'gone.0', THRESHOLDS)).toEqual([
    'The face is not kept: it is too small, turned away or unclear, or its picture was removed.',
  ]);
});

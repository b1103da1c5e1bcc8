import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Candidate } from '../../../../shared/faces/gallery/gallery.ts';
import { assignPeople, verify } from '../../../../shared/faces/gallery/match.ts';

const THRESHOLDS = { match: 0.45, high: 0.5 };

const candidate: fc.Arbitrary<Candidate> = fc.record({
  person: fc.constantFrom('Anna', 'Berta', 'Clara'),
  id: fc.constant('id'),
  photo: fc.constant('photo'),
  similarity: fc.double({ min: -1, max: 1, noNaN: true }),
});
const candidates = fc.array(
  fc
    .uniqueArray(candidate, { selector: ({ person }) => person, maxLength: 3 })
    .map((list) => list.sort((a, b) => b.similarity - a.similarity)),
  { maxLength: 6 },
);

describe('assignPeople', () => {
  test('each person is named once per picture, above the threshold only, for the most similar face', () => {
    fc.assert(
      fc.property(candidates, (faces) => {
        const matches = assignPeople(faces, THRESHOLDS);

        const named = matches.flatMap((match) => ('person' in match ? [match] : []));
        expect(matches).toHaveLength(faces.length);
        expect(new Set(named.map(({ person }) => person)).size).toBe(named.length);
        for (const { confidence, level } of named) {
          expect(confidence).toBeGreaterThanOrEqual(THRESHOLDS.match);
          expect(level).toBe(confidence >= THRESHOLDS.high ? 'high' : 'match');
        }
        for (const [i, list] of faces.entries()) {
          const mine = matches[i]!;
          const own = 'person' in mine ? mine.confidence : -1;
          for (const { person, similarity } of list) {
            if (similarity < THRESHOLDS.match || similarity <= own) continue;
            const holder = named.find((match) => match.person === person);
            expect(holder?.confidence).toBeGreaterThanOrEqual(similarity);
          }
        }
      }),
    );
  });
});

describe('verify', () => {
  test.each([
    [0.5, { same: true, confidence: 0.5, level: 'high' }],
    [0.45, { same: true, confidence: 0.45, level: 'match' }],
    [0.44, { same: false, confidence: 0.44 }],
    [-0.3, { same: false, confidence: 0 }],
  ])('a similarity of %f is verified against the thresholds', (similarity, expected) => {
    expect(verify(similarity, THRESHOLDS)).toEqual(expected);
  });
});

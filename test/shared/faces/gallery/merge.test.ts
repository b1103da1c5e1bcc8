import { describe, expect, test } from 'vitest';
import {
  chooseSmall,
  chooseWithRemovedFaces,
  merge,
  REMOVALS_KEPT_MS,
} from '../../../../shared/faces/gallery/oss/merge.ts';
import type { Segment } from '../../../../shared/faces/gallery/oss/segment.ts';

const NOW = 1_000_000_000_000;

/** `faces` maps instances to photos; its vectors count up from the first instance's number. */
function aSegment(faces: Record<string, string> = {}, rest: Partial<Segment> = {}): Segment {
  const additions = Object.entries(faces).map(([instance, photo]) => ({ instance, photo, person: 'Anna' }));
  const vectors = Float32Array.from(additions.flatMap((_, row) => [row, row, row, row]));
  return { additions, vectors, removals: [], replaces: [], ...rest };
}

function mergeAll(segments: Record<string, Segment>, chosen = Object.keys(segments)): Segment {
  const live = new Map(Object.entries(segments));
  return merge(live, chosen, { existing: new Set([...live.keys(), 'left-behind']), now: NOW });
}

const instancesOf = ({ additions }: Segment) => additions.map(({ instance }) => instance);

describe('merge', () => {
  test('a merge contains all additions with their embeddings', () => {
    const merged = mergeAll({ a: aSegment({ i1: 'p1', i2: 'p2' }), b: aSegment({ i3: 'p3' }) });

    expect(instancesOf(merged)).toEqual(['i1', 'i2', 'i3']);
    expect([...merged.vectors]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0]);
  });

  test('a merge leaves out what another segment removes', () => {
    const remover = aSegment({}, { removals: [{ instance: 'i1', at: NOW }] });

    const merged = mergeAll({ a: aSegment({ i1: 'p1', i2: 'p2' }), b: remover }, ['a']);

    expect(instancesOf(merged)).toEqual(['i2']);
    expect([...merged.vectors]).toEqual([1, 1, 1, 1]);
    expect(merged.removals).toEqual([]);
  });

  test('a merge removes the lesser of two instances of one face by name', () => {
    const merged = mergeAll({ a: aSegment({ i2: 'p' }), b: aSegment({ i1: 'p' }) });

    expect(instancesOf(merged)).toEqual(['i2']);
    expect(merged.removals).toEqual([{ instance: 'i1', at: NOW }]);
  });

  test('an instance in two merges counts once and is not removed', () => {
    const merged = mergeAll({ a: aSegment({ i1: 'p' }), b: aSegment({ i1: 'p' }) });

    expect(instancesOf(merged)).toEqual(['i1']);
    expect(merged.removals).toEqual([]);
  });

  test('a merge replaces what its segments replaced, as long as it exists', () => {
    const merged = mergeAll({ a: aSegment({}, { replaces: ['left-behind', 'long-gone'] }), b: aSegment() });

    expect(merged.replaces).toEqual(['a', 'b', 'left-behind']);
  });

  test.each([
    ['everything is merged', ['a', 'b'], ['recent']],
    ['a segment is left out, which may hold what is removed', ['a'], ['recent', 'old']],
  ])('a merge forgets old removals only when %s', (_when, chosen, kept) => {
    const removals = [
      { instance: 'recent', at: NOW - REMOVALS_KEPT_MS + 1 },
      { instance: 'old', at: NOW - REMOVALS_KEPT_MS },
    ];

    const merged = mergeAll({ a: aSegment({}, { removals }), b: aSegment() }, chosen);

    expect(merged.removals.map(({ instance }) => instance)).toEqual(kept);
  });
});

describe('choice of segments', () => {
  const faces = (count: number) =>
    aSegment(Object.fromEntries(Array.from({ length: count }, (_, i) => [`${count}.${i}`, `${i}`])));

  test('the small segments are chosen, but not one that is more than twice as large as all of them', () => {
    const live = new Map([
      ['large', faces(100)],
      ['a', faces(1)],
      ['b', faces(1)],
      ['c', faces(5)],
    ]);

    expect(chooseSmall(live)).toEqual(['a', 'b', 'c']);
  });

  test('at least two segments are chosen, so that every merge reduces their number', () => {
    const live = new Map([
      ['large', faces(100)],
      ['small', faces(1)],
    ]);

    expect(chooseSmall(live)).toEqual(['small', 'large']);
  });

  test('segments with removed faces are found', () => {
    const live = new Map([
      ['a', aSegment({ i1: 'p1' })],
      ['b', aSegment({ i2: 'p2' })],
      ['c', aSegment({}, { removals: [{ instance: 'i2', at: NOW }] })],
    ]);

    expect(chooseWithRemovedFaces(live)).toEqual(['b']);
  });
});

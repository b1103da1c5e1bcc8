import { expect, test } from 'vitest';
import { mergeSegments, smallSegments } from '../../../../shared/faces/index/oss/merge.ts';
import { decodeSegment, encodeSegment } from '../../../../shared/faces/index/oss/segment.ts';
import { entryOf } from '../../../../shared/faces/index/picture-table.ts';
import { createStamps } from '../../../../shared/faces/index/stamps.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';
import { aSightedFace, aWrite, EMBEDDER } from './support.ts';

const DAY_MS = 86_400_000;
const clock = manualClock();
const newStamp = createStamps(clock, () => 'x');
const anEntry = (key: string, faces: number) =>
  entryOf(
    aWrite(key),
    Array.from({ length: faces }, (_, number) => aSightedFace(number + 1, { number, age: 30 })),
    newStamp(),
    EMBEDDER,
  );

test('a segment is decoded as it was encoded', () => {
  const segment = { entries: [anEntry('照片 1.jpg', 2), anEntry('b.jpg', 0)], clearedBefore: newStamp() };

  expect(decodeSegment('key', encodeSegment(segment, EMBEDDER), EMBEDDER)).toEqual(segment);
});

test.each([
  ['is empty', (bytes: Buffer) => bytes.subarray(0, 0)],
  ['begins otherwise', (bytes: Buffer) => Buffer.concat([Buffer.from('x'), bytes])],
  ['is cut', (bytes: Buffer) => bytes.subarray(0, -1)],
  ['is longer', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('x')])],
  [
    'has a damaged header',
    (bytes: Buffer) => Buffer.from(bytes.toString('latin1').replace('"faces"', '"farce"'), 'latin1'),
  ],
])('a segment that %s is IndexDamaged', (_what, damage) => {
  const bytes = encodeSegment({ entries: [anEntry('a.jpg', 1)] }, EMBEDDER);

  expect(() => decodeSegment('index/a.faces', damage(bytes), EMBEDDER)).toThrow(
    expect.objectContaining({ code: 'IndexDamaged', message: expect.stringMatching(/^index\/a\.faces /) }),
  );
});

test('a segment of another embedder is IndexMismatch', () => {
  const bytes = encodeSegment({ entries: [] }, EMBEDDER);

  expect(() => decodeSegment('key', bytes, { name: 'other', size: 128 })).toThrow(
    expect.objectContaining({ code: 'IndexMismatch' }),
  );
});

test('a merge keeps the latest entry of each picture, in whatever order segments come', () => {
  const [old, latest] = [anEntry('a.jpg', 1), anEntry('a.jpg', 2)];
  const options = { isCurrent: () => true, complete: true, now: clock.now() };

  for (const order of [
    [old, latest],
    [latest, old],
  ]) {
    const merged = mergeSegments(
      order.map((entry) => ({ entries: [entry] })),
      options,
    );
    expect(merged.entries).toEqual([latest]);
  }
});

test('a merge of all segments drops removals after seven days, and any other merge keeps them', () => {
  const removal = anEntry('a.jpg', 0);
  const merge = (complete: boolean, days: number) =>
    mergeSegments([{ entries: [removal] }], {
      isCurrent: () => true,
      complete,
      now: clock.now() + days * DAY_MS,
    }).entries;

  expect(merge(true, 8)).toEqual([]);
  expect(merge(false, 8)).toEqual([removal]);
  expect(merge(true, 6)).toEqual([removal]);
});

test('small segments are merged before large ones, and none beyond 16 MB', () => {
  const sizes = new Map([
    ['a', 10],
    ['b', 12],
    ['c', 15],
    ['d', 1000],
    ['e', 20_000_000],
  ]);

  expect(smallSegments(sizes)).toEqual(['a', 'b', 'c']);
});

test('stamps sort in the order in which they are made, also when the clock goes back', () => {
  let time = 1000;
  const next = createStamps({ now: () => time }, () => 'x');
  const first = next();
  time = 900;
  const second = next();
  time = 1001;
  const third = next();

  expect([third, second, first].sort()).toEqual([first, second, third]);
});

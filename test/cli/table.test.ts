import { expect, test } from 'vitest';
import { formatTable } from '../../cli/table.ts';

test('formatTable aligns numbers right and text left, and does not pad the last column', () => {
  const lines = formatTable(
    [{ title: 'photo' }, { title: 'faces', right: true }, { title: 'result' }],
    [
      ['a.jpg', '3', 'here'],
      ['longer.jpg', '12', ''],
    ],
  );

  expect(lines).toEqual([
    'photo       faces  result', //
    'a.jpg           3  here',
    'longer.jpg     12',
  ]);
});

test.each([
  ['Chinese characters', '照片', 4],
  ['a combining mark', 'e\u0301', 1],
  ['an emoji', '😀', 2],
  ['an emoji of several code points', '👨‍👩‍👧', 2],
])('formatTable pads %s by their width on a terminal', (_, cell, width) => {
  const [, line] = formatTable([{ title: 'photo' }, { title: 'faces' }], [[cell, '3']]);

  expect(line).toBe(`${cell}${' '.repeat('photo'.length - width)}  3`);
});

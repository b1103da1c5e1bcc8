import { expect, it } from 'vitest';
import { formatTable, width } from '../../cli/table.ts';

it('aligns numbers right and text left, and does not pad the last column', () => {
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

it('counts the cells that a terminal uses', () => {
  expect(width('照片.jpg')).toBe(8);
  expect(width('e\u0301')).toBe(1);
  expect(width('😀')).toBe(2);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { glyphOf } from '../../../shared/images/font.ts';
import { charactersOf, fitText, textStrokes, textWidth, wrapText } from '../../../shared/images/text.ts';

const ASCII = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
const MISSING = glyphOf('\u0e01');

function extentOf(text: string, capital = 10) {
  const strokes = textStrokes(text, 0, 0, capital);
  const xs = strokes.flatMap(({ x1, x2 }) => [x1, x2]);
  const ys = strokes.flatMap(({ y1, y2 }) => [-y1, -y2]);
  return { left: Math.min(...xs), right: Math.max(...xs), bottom: Math.min(...ys), top: Math.max(...ys) };
}

test.each(ASCII)('the glyph of %j is inside its bounds', (character) => {
  const { width, path } = glyphOf(character);

  expect(path).not.toBe(MISSING.path);
  expect(path).toMatch(/^([MLHV]-?[\d.]+ -?[\d.]+)*$/);
  if (character === ' ') return;
  const { left, right, bottom, top } = extentOf(character);
  expect(left).toBeGreaterThanOrEqual(-0.01);
  expect(right).toBeLessThanOrEqual(width + 0.01);
  expect(bottom).toBeGreaterThanOrEqual(-3.01);
  expect(top).toBeLessThanOrEqual(11.41);
});

test('no two ASCII characters have the same glyph', () => {
  const paths = new Set(ASCII.map((character) => glyphOf(character).path));

  expect(paths.size).toBe(95);
});

test.each([...'ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝàáâãäåçèéêëìíîïñòóôõöùúûüýÿřščžőűąęạ'])(
  'composes %s from its letter and accent',
  (character) => {
    const letter = character.normalize('NFD')[0]!;

    const { width, path } = glyphOf(character);

    expect(width).toBe(glyphOf(letter).width);
    expect(path.length).toBeGreaterThan(glyphOf(letter === 'i' ? 'ı' : letter).path.length);
  },
);

test('a character without a glyph is one box, a wide one for Chinese', () => {
  const [li, thai] = [glyphOf('李'), glyphOf('\u0e01')];

  expect(extentOf('李')).toEqual({ left: 0, right: li.width, bottom: -1, top: 10 });
  expect(li.width).toBeGreaterThan(thai.width);
  expect(textStrokes('李明', 0, 0, 10)).toHaveLength(8);
});

test('charactersOf counts what a reader sees as characters', () => {
  expect(charactersOf('e\u0301tude')).toEqual(['é', 't', 'u', 'd', 'e']);
  expect(charactersOf('👩‍👩‍👧 ok')).toHaveLength(4 + 2);
  expect(charactersOf('a\t\n b\u0000\u202ec')).toEqual(['a', ' ', 'b', 'c']);
});

test('a text is on the baseline and has the requested height', () => {
  const { bottom, top } = extentOf('EH', 24);

  expect(bottom).toBeCloseTo(0, 9);
  expect(top).toBeCloseTo(24, 9);
});

test('textWidth is the width of the strokes', () => {
  const { left, right } = extentOf('Hello HANNAH', 33);

  expect(left).toBe(0);
  expect(right).toBeCloseTo(textWidth('Hello HANNAH', 33), 6);
});

test('fitText shortens a text with an ellipsis, or to nothing', () => {
  const width = textWidth('Maximil…', 20);

  expect(fitText('Maximilian', 20, textWidth('Maximilian', 20))).toBe('Maximilian');
  expect(fitText('Maximilian', 20, width)).toBe('Maximil…');
  expect(fitText('Maximilian', 20, 3)).toBe('');
});

test('wrapText breaks at spaces and shortens the last line', () => {
  const width = textWidth('1 male : 3', 10);

  expect(wrapText('4 faces · 1 male : 3 female', 10, width, 3)).toEqual([
    '4 faces ·',
    '1 male : 3',
    'female',
  ]);
  expect(wrapText('4 faces · 1 male : 3 female', 10, width, 2)).toEqual(['4 faces ·', '1 male :…']);
  expect(wrapText('  ', 10, width, 2)).toEqual([]);
});

test('a fitted text never exceeds the width', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 300 }), (text, width) => {
      expect(textWidth(fitText(text, 12, width), 12)).toBeLessThanOrEqual(width);
      for (const line of wrapText(text, 12, width, 3)) expect(textWidth(line, 12)).toBeLessThanOrEqual(width);
    }),
  );
});

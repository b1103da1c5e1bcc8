/**
 * A typeface of single strokes, so that text looks the same on every machine: a function's image contains no fonts.
 *
 * A glyph is a width and a path. Units: the baseline is y = 0, capitals reach 10, small letters 7, descenders −3; y
 * points up. `M` moves, `L` draws a line; `H` and `V` draw a quarter of an ellipse that leaves its starting point
 * horizontally or vertically. A line of length 0 is a dot.
 */
export interface Glyph {
  /** Distance between the outermost centre lines, without the thickness of the stroke and the spacing. */
  readonly width: number;
  readonly path: string;
}

const O = 'M4 10H8 5V4 0H0 5V4 10';
const S = 'M5.8 8.3V3.1 10H.3 7.5V3.1 5.2H6.2 2.6V3.1 0H0 2';
const SMALL_O = 'M2.9 7H5.8 3.5V2.9 0H0 3.5V2.9 7';
/** The round part of b and p, and its mirror image in d, g and q. */
const BOWL_RIGHT = 'M0 3.5V2.8 7H5.6 3.5V2.8 0H0 3.5';
const BOWL_LEFT = 'M5.6 3.5V2.8 7H0 3.5V2.8 0H5.6 3.5';

// biome-ignore format: one glyph a row reads as a table
const TABLE: Readonly<Record<string, readonly [width: number, path: string]>> = {
  ' ': [2.4, ''],
  '!': [0, 'M0 10L0 3M0 .1L0 .1'],
  '"': [2.2, 'M0 10L0 7.4M2.2 10L2.2 7.4'],
  '#': [7.2, 'M1.6 0L3 10M4.6 0L6 10M0 3.3L6.6 3.3M.6 6.7L7.2 6.7'],
  $: [6.2, `${S}M3.1 11.4L3.1 -1.4`],
  '%': [8.4, 'M7.6 10L.8 0M1.9 10H3.8 7.9V1.9 5.8H0 7.9V1.9 10M6.5 4.2H8.4 2.1V6.5 0H4.6 2.1V6.5 4.2'],
  '&': [7.4, 'M7.4 0L1.6 6.8L1.1 8.1V2.9 10H4.7 8.2L4.2 6.9L.9 4.3L0 2.5V2.8 0H6.9 4.4'],
  "'": [0, 'M0 10L0 7.4'],
  '(': [2.2, 'M2.2 11.2H0 4.6V2.2 -2'],
  ')': [2.2, 'M0 11.2H2.2 4.6V0 -2'],
  '*': [4.2, 'M2.1 10L2.1 5.2M0 8.8L4.2 6.4M0 6.4L4.2 8.8'],
  '+': [6, 'M3 7.6L3 1.6M0 4.6L6 4.6'],
  ',': [0.8, 'M.8 .1L0 -1.9'],
  '-': [3.6, 'M0 4.2L3.6 4.2'],
  '.': [0, 'M0 .1L0 .1'],
  '/': [4.6, 'M0 -1L4.6 11'],
  0: [6, 'M3 10H6 5V3 0H0 5V3 10'],
  1: [3.2, 'M0 7.8L2.6 10L2.6 0'],
  2: [5.8, 'M.1 7.5V2.9 10H5.6 7.4L5.3 6.1L4.7 5.1L0 0L5.8 0'],
  3: [5.8, 'M.2 8V2.8 10H5.4 7.6V2.9 5.3L2 5.3M2.9 5.3H5.8 2.6V2.8 0H0 2'],
  4: [6.4, 'M4.8 0L4.8 10L0 2.8L6.4 2.8'],
  5: [5.8, 'M5.3 10L.9 10L.4 5L1.4 5.9L2.8 6.3H5.8 3.15V2.8 0H0 1.9'],
  6: [6, 'M5.4 8.6V3.2 10H0 5L0 3.1V3 0H6 3.1V3 6.2H0 3.1'],
  7: [5.8, 'M0 10L5.8 10L1.9 0'],
  8: [6, 'M3 5.4H5.6 7.7V3 10H.4 7.7V3 5.4H6 2.7V3 0H0 2.7V3 5.4'],
  9: [6, 'M.6 1.4V2.8 0H6 5L6 6.9V3 10H0 6.9V3 3.8H6 6.9'],
  ':': [0, 'M0 6.2L0 6.2M0 .6L0 .6'],
  ';': [0.8, 'M.8 6.2L.8 6.2M.8 .3L0 -1.9'],
  '<': [5.4, 'M5.4 8.2L0 4.6L5.4 1'],
  '=': [6, 'M0 6.2L6 6.2M0 3L6 3'],
  '>': [5.4, 'M0 8.2L5.4 4.6L0 1'],
  '?': [5, 'M0 7.8V2.5 10H5 7.6L4.5 6.2L2.5 4.3L2.5 3M2.5 .1L2.5 .1'],
  '@': [9.6, 'M6.7 6.8L6.7 3.7V8.1 2.2H9.6 4.9V4.8 9.6H0 4.1V4.8 -1.6L7.4 -1.1M6.7 4.5V4.7 6.8H2.8 4.5V4.7 2.2H6.7 4.5'],
  A: [8, 'M0 0L4 10L8 0M1.4 3.4L6.6 3.4'],
  B: [6.4, 'M0 5.3L3.6 5.3H6.4 2.65V3.6 0L0 0L0 10L3.3 10H5.8 7.65V3.3 5.3'],
  C: [7.2, 'M7.2 8V4 10H0 5V4 0H7.2 2'],
  D: [7, 'M0 0L0 10L2.6 10H7 5V2.6 0L0 0'],
  E: [5.6, 'M5.6 10L0 10L0 0L5.6 0M0 5.2L4.9 5.2'],
  F: [5.4, 'M5.4 10L0 10L0 0M0 5L4.6 5'],
  G: [7.6, 'M7.2 8.1V4 10H0 5V4 0H7.6 3.4L7.6 4.8L4.4 4.8'],
  H: [7, 'M0 0L0 10M7 0L7 10M0 5.2L7 5.2'],
  I: [0, 'M0 0L0 10'],
  J: [4.4, 'M4.4 10L4.4 2.9V2.1 0H0 1.9'],
  K: [6.6, 'M0 0L0 10M6.4 10L0 3.9M2.4 6.2L6.6 0'],
  L: [5.2, 'M0 10L0 0L5.2 0'],
  M: [8.4, 'M0 0L0 10L4.2 3.2L8.4 10L8.4 0'],
  N: [7.2, 'M0 0L0 10L7.2 0L7.2 10'],
  O: [8, O],
  P: [6.4, 'M0 0L0 10L3.4 10H6.4 7.15V3.4 4.3L0 4.3'],
  Q: [8, `${O}M5 2.6L8 -.6`],
  R: [6.6, 'M0 0L0 10L3.4 10H6.4 7.15V3.4 4.3L0 4.3M3.2 4.3L6.6 0'],
  S: [6.2, S],
  T: [7, 'M0 10L7 10M3.5 10L3.5 0'],
  U: [7, 'M0 10L0 3.6V3.5 0H7 3.6L7 10'],
  V: [7.6, 'M0 10L3.8 0L7.6 10'],
  W: [11, 'M0 10L2.75 0L5.5 9L8.25 0L11 10'],
  X: [7.2, 'M0 0L7.2 10M0 10L7.2 0'],
  Y: [7.4, 'M0 10L3.7 4.8L7.4 10M3.7 4.8L3.7 0'],
  Z: [6.4, 'M0 10L6.4 10L0 0L6.4 0'],
  '[': [2.4, 'M2.4 11.2L0 11.2L0 -2L2.4 -2'],
  '\\': [4.6, 'M0 11L4.6 -1'],
  ']': [2.4, 'M0 11.2L2.4 11.2L2.4 -2L0 -2'],
  '^': [5, 'M0 6.6L2.5 10L5 6.6'],
  _: [6, 'M0 -2L6 -2'],
  '`': [1.6, 'M0 10.2L1.6 8.6'],
  a: [5.1, 'M.4 5.6V2.7 7H5.1 4.7L5.1 0M5.1 4.1L2.5 4.1H0 2.05V2.3 0H5.1 2.4'],
  b: [5.6, `M0 0L0 10${BOWL_RIGHT}`],
  c: [4.9, 'M4.9 5.6V2.8 7H0 3.5V2.8 0H4.9 1.4'],
  d: [5.6, `M5.6 0L5.6 10${BOWL_LEFT}`],
  e: [5.6, 'M0 3.6L5.6 3.6V2.8 7H0 3.5V2.8 0H5.2 1.5'],
  f: [3.8, 'M3.8 10L3.6 10H1.2 7.7L1.2 0M0 7L3.5 7'],
  g: [5.6, `${BOWL_LEFT}M5.6 7L5.6 -.6V2.8 -3H.3 -1.7`],
  h: [5.2, 'M0 0L0 10M0 4.2V2.8 7H5.2 4.4L5.2 0'],
  i: [0, 'M0 0L0 7M0 9.8L0 9.8'],
  j: [1.8, 'M1.8 7L1.8 -1V0 -3M1.8 9.8L1.8 9.8'],
  k: [5, 'M0 0L0 10M4.8 7L0 2.7M1.9 4.4L5 0'],
  l: [1.6, 'M0 10L0 1.9V1.6 0'],
  m: [8.4, 'M0 0L0 7M0 4.4V2.3 7H4.2 4.6L4.2 0M4.2 4.4V6.5 7H8.4 4.6L8.4 0'],
  n: [5.2, 'M0 0L0 7M0 4.2V2.8 7H5.2 4.4L5.2 0'],
  o: [5.8, SMALL_O],
  p: [5.6, `M0 -3L0 7${BOWL_RIGHT}`],
  q: [5.6, `M5.6 -3L5.6 7${BOWL_LEFT}`],
  r: [3.3, 'M0 0L0 7M0 4.2V2.7 7L3.3 7'],
  s: [4.6, 'M4.3 5.7V2.3 7H.3 5.3V2.3 3.6H4.6 1.8V2.3 0H0 1.4'],
  t: [3.7, 'M1.2 9.6L1.2 2V3.1 0L3.7 0M0 7L3.5 7'],
  u: [5.2, 'M0 7L0 2.6V2.4 0H5.2 2.8M5.2 7L5.2 0'],
  v: [5.4, 'M0 7L2.7 0L5.4 7'],
  w: [8, 'M0 7L2 0L4 6.4L6 0L8 7'],
  x: [5, 'M0 0L5 7M0 7L5 0'],
  y: [5.4, 'M0 7L2.7 0M5.4 7L1.54 -3'],
  z: [4.8, 'M0 7L4.8 7L0 0L4.8 0'],
  '{': [3, 'M3 11.2H1.3 9.4L1.3 6.3V0 4.6H1.3 2.9L1.3 -.2V3 -2'],
  '|': [0, 'M0 11.2L0 -2'],
  '}': [3, 'M0 11.2H1.7 9.4L1.7 6.3V3 4.6H1.7 2.9L1.7 -.2V0 -2'],
  '~': [6, 'M0 3.8L1.5 5.3L4.5 3.8L6 5.3'],
  '¡': [0, 'M0 4L0 -3M0 6.9L0 6.9'],
  '£': [5.8, 'M5.6 8.2V3.6 10H1.4 7.4L1.4 0M0 0L5.8 0M0 5L4.2 5'],
  '€': [7.6, 'M7.6 8.6V5 10H1.2 5V5 0H7.6 1.4M0 6.2L6 6.2M0 3.8L6 3.8'],
  '«': [5, 'M2.4 6.6L0 4.2L2.4 1.8M5 6.6L2.6 4.2L5 1.8'],
  '»': [5, 'M0 6.6L2.4 4.2L0 1.8M2.6 6.6L5 4.2L2.6 1.8'],
  '°': [3, 'M1.5 10H3 8.5V1.5 7H0 8.5V1.5 10'],
  '±': [6, 'M3 8.4L3 3.2M0 5.8L6 5.8M0 .8L6 .8'],
  '·': [0.3, 'M0 4.6L.3 4.6'],
  '×': [4.8, 'M0 2.2L4.8 7M0 7L4.8 2.2'],
  '¿': [5, 'M5 -.8V2.5 -3H0 -.6L.5 .8L2.5 2.7L2.5 4M2.5 6.9L2.5 6.9'],
  Æ: [9.6, 'M0 0L4.8 10L9.6 10M5.2 10L5.2 0L9.6 0M5.2 5.2L9 5.2M1.6 3.4L5.2 3.4'],
  æ: [9.6, 'M.4 5.6V2.5 7H4.6 4.8L4.6 2.2M4.6 4.1L2.3 4.1H0 2.05V2.1 0H4.6 2.4M4.6 3.6L9.6 3.6V7.1 7H4.6 3.5V7.1 0H9.2 1.5'],
  Ð: [7, 'M0 0L0 10L2.6 10H7 5V2.6 0L0 0M-1.2 5.2L3 5.2'],
  ð: [5.6, 'M5.4 3.2V2.8 6.4H0 3.2V2.8 0H5.6 3.8V1.4 10M1.6 7.6L5 9.6'],
  Ø: [8, `${O}M.8 -.4L7.2 10.4`],
  ø: [5.8, `${SMALL_O}M.4 -.5L5.4 7.5`],
  Þ: [6.4, 'M0 0L0 10M0 7.8L3.4 7.8H6.4 5V3.4 2.2L0 2.2'],
  þ: [5.6, `M0 -3L0 10${BOWL_RIGHT}`],
  ß: [5.6, 'M0 0L0 7.4V2.5 10H5 7.8V2.6 5.7H5.6 2.8V2.6 0L1.9 0'],
  Đ: [7, 'M0 0L0 10L2.6 10H7 5V2.6 0L0 0M-1.2 5.2L3 5.2'],
  đ: [5.6, `M5.6 0L5.6 10M3.4 8.6L7.2 8.6${BOWL_LEFT}`],
  ı: [0, 'M0 0L0 7'],
  Ł: [5.2, 'M0 10L0 0L5.2 0M-1.2 4L2.8 6.4'],
  ł: [2.6, 'M1 10L1 1.9V2.6 0M-.4 4.2L2.6 6.2'],
  Œ: [9.8, 'M9.8 10L4 10H0 5V4 0L9.8 0M5.4 10L5.4 0M5.4 5.2L9.2 5.2'],
  œ: [9.8, 'M4.9 3.5V2.5 7H0 3.5V2.5 0H4.9 3.5M4.9 3.6L9.8 3.6V7.3 7H4.9 3.5V7.3 0H9.4 1.5'],
  '–': [5.6, 'M0 4.2L5.6 4.2'],
  '—': [9, 'M0 4.2L9 4.2'],
  '‘': [0.8, 'M.8 10L0 8'],
  '’': [0.8, 'M.8 10L0 8'],
  '“': [3, 'M.8 10L0 8M3 10L2.2 8'],
  '”': [3, 'M.8 10L0 8M3 10L2.2 8'],
  '…': [5.6, 'M0 .1L0 .1M2.8 .1L2.8 .1M5.6 .1L5.6 .1'],
};

/** Accents: x = 0 is the middle of the letter, y = 0 the top of the letter, or the baseline for those below. */
// biome-ignore format: one mark a row reads as a table
const MARKS: Readonly<Record<string, { readonly path: string; readonly below?: true }>> = {
  '\u0300': { path: 'M-1.3 2.8L.5 1.4' },
  '\u0301': { path: 'M1.3 2.8L-.5 1.4' },
  '\u0302': { path: 'M-1.7 1.4L0 2.9L1.7 1.4' },
  '\u0303': { path: 'M-1.9 1.5L-.8 2.5L.8 1.6L1.9 2.6' },
  '\u0304': { path: 'M-1.7 1.9L1.7 1.9' },
  '\u0306': { path: 'M-1.6 2.8V0 1.4H1.6 2.8' },
  '\u0307': { path: 'M0 2.3L0 2.3' },
  '\u0308': { path: 'M-1.5 2.3L-1.5 2.3M1.5 2.3L1.5 2.3' },
  '\u030a': { path: 'M0 3.4H1.1 2.3V0 1.2H-1.1 2.3V0 3.4' },
  '\u030b': { path: 'M0 2.8L-1.2 1.4M2.2 2.8L1 1.4' },
  '\u030c': { path: 'M-1.7 2.9L0 1.4L1.7 2.9' },
  '\u0323': { path: 'M0 -2L0 -2', below: true },
  '\u0327': { path: 'M.2 0L.2 -.7H1.2 -1.8V-.9 -2.9', below: true },
  '\u0328': { path: 'M.8 0V-.4 -1.8V1.4 -2.9', below: true },
};

/** Drawn for a character that this typeface lacks. */
const MISSING: Glyph = { width: 5.4, path: 'M0 -.6L5.4 -.6L5.4 10L0 10L0 -.6' };
const MISSING_WIDE: Glyph = { width: 9, path: 'M0 -1L9 -1L9 10L0 10L0 -1' };
const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/u;

/**
 * The glyph of one user-perceived character. Letters with accents are composed; what cannot be drawn, such as
 * Chinese, is an outlined box.
 */
export function glyphOf(character: string): Glyph {
  const drawn = TABLE[character];
  if (drawn) return { width: drawn[0], path: drawn[1] };
  return compose(character) ?? (WIDE.test(character) ? MISSING_WIDE : MISSING);
}

function compose(character: string): Glyph | undefined {
  const [base = '', ...accents] = character.normalize('NFD');
  const marks = accents.map((accent) => MARKS[accent]);
  const above = marks.some((mark) => mark && !mark.below);
  // An accent above replaces the dot.
  const letter = TABLE[above && base === 'i' ? 'ı' : base];
  if (!letter || marks.length === 0) return undefined;
  const top = /[a-z]/.test(base) && !/[bdfhklt]/.test(base) ? 7 : 10;
  let path = letter[1];
  for (const mark of marks) {
    if (!mark) return undefined;
    path += shift(mark.path, letter[0] / 2, mark.below ? 0 : top);
  }
  return { width: letter[0], path };
}

function shift(path: string, dx: number, dy: number): string {
  return path.replace(
    /([MLHV])(-?[\d.]+) (-?[\d.]+)/g,
    (_, command, x, y) => `${command}${Number(x) + dx} ${Number(y) + dy}`,
  );
}

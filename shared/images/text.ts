import { glyphOf } from './font.ts';

/** A straight stroke, in pixels, y pointing down. */
export interface Stroke {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** In units of the font; see `font.ts`. */
const CAPITAL_HEIGHT = 10;
const SPACING = 2.5;

let graphemes: Intl.Segmenter | undefined;

/** Splits a text into what a reader sees as characters; control and formatting characters are left out. */
export function charactersOf(text: string): string[] {
  const visible = text
    .normalize('NFC')
    .replace(/\s+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}]/gu, '');
  // No character below U+0300 combines, and loading the segmenter's tables takes 10 ms.
  if (/^[\0-\u02ff]*$/.test(visible)) return Array.from(visible);
  graphemes ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return Array.from(graphemes.segment(visible), ({ segment }) => segment);
}

/** Width in pixels, between the outermost centre lines, of a text whose capitals are `capital` pixels high. */
export function textWidth(text: string, capital: number): number {
  const characters = charactersOf(text);
  const units = characters.reduce((sum, character) => sum + glyphOf(character).width, 0);
  return ((units + Math.max(0, characters.length - 1) * SPACING) * capital) / CAPITAL_HEIGHT;
}

/** The text, shortened with an ellipsis to fit into `width` pixels; empty when not even one character fits. */
export function fitText(text: string, capital: number, width: number): string {
  if (textWidth(text, capital) <= width) return charactersOf(text).join('');
  let fitting = '';
  let longer = '';
  for (const character of charactersOf(text)) {
    longer += character;
    if (textWidth(`${longer}…`, capital) > width) break;
    fitting = longer;
  }
  return fitting === '' ? '' : `${fitting.trimEnd()}…`;
}

/** Breaks a text at spaces into lines of at most `width` pixels; the last of `maxLines` ends with an ellipsis. */
export function wrapText(text: string, capital: number, width: number, maxLines: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.trim().split(/\s+/u)) {
    const longer = line === '' ? word : `${line} ${word}`;
    const isLast = lines.length === maxLines - 1;
    if (line !== '' && !isLast && textWidth(longer, capital) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line].map((each) => fitText(each, capital, width)).filter((each) => each !== '');
}

/** The strokes of a text, in pixels. `x` is the centre line of the first stroke, `y` the baseline. */
export function textStrokes(text: string, x: number, y: number, capital: number): Stroke[] {
  const scale = capital / CAPITAL_HEIGHT;
  const strokes: Stroke[] = [];
  let origin = 0;
  for (const character of charactersOf(text)) {
    const { width, path } = glyphOf(character);
    for (const [x1, y1, x2, y2] of flatten(path, scale)) {
      strokes.push({
        x1: x + (origin + x1) * scale,
        y1: y - y1 * scale,
        x2: x + (origin + x2) * scale,
        y2: y - y2 * scale,
      });
    }
    origin += width + SPACING;
  }
  return strokes;
}

type Line = readonly [x1: number, y1: number, x2: number, y2: number];

/** Converts a glyph's path to straight lines, in units of the font. `scale` is pixels per unit. */
function flatten(path: string, scale: number): Line[] {
  const lines: Line[] = [];
  let x = 0;
  let y = 0;
  for (const [, command, toX, toY] of path.matchAll(/([MLHV])(-?[\d.]+) (-?[\d.]+)/g)) {
    const endX = Number(toX);
    const endY = Number(toY);
    if (command === 'L') lines.push([x, y, endX, endY]);
    if (command === 'H' || command === 'V')
      lines.push(...quarterEllipse(x, y, endX, endY, command === 'H', scale));
    x = endX;
    y = endY;
  }
  return lines;
}

/** A quarter of an ellipse as straight lines, from an end of one axis to an end of the other. */
function quarterEllipse(
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  leavesHorizontally: boolean,
  scale: number,
): Line[] {
  // Enough lines to stay within a fifth of a pixel of the curve at every size of letter.
  const steps = 2 + Math.ceil(Math.sqrt(Math.max(Math.abs(x2 - x1), Math.abs(y2 - y1)) * scale));
  const lines: Line[] = [];
  let x = x1;
  let y = y1;
  for (let step = 1; step <= steps; step++) {
    const angle = (step / steps) * (Math.PI / 2);
    const early = Math.sin(angle);
    const late = 1 - Math.cos(angle);
    const nextX = x1 + (x2 - x1) * (leavesHorizontally ? early : late);
    const nextY = y1 + (y2 - y1) * (leavesHorizontally ? late : early);
    lines.push([x, y, nextX, nextY]);
    x = nextX;
    y = nextY;
  }
  return lines;
}

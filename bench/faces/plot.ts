import type { Thresholds } from '../../shared/faces/gallery/gallery.ts';
import { type Pairs, passing } from './verification.ts';

export interface Curve {
  readonly name: string;
  readonly pairs: Pairs;
  readonly thresholds: Thresholds;
}

const WIDTH = 980;
const HEIGHT = 390;
const PANEL = { width: 250, height: 250, top: 70 };
const LEFTS = [60, 385, 710];
const COLORS = { strangers: '#c2410c', genuine: '#1d4ed8', mark: '#6b7280' };
const NAMES = ['#1d4ed8', '#c2410c'];
/** Smallest share in the drawing, in percent. Smaller shares lie on the axis. */
const FLOOR = 0.01;
const DECADES = [100, 10, 1, 0.1, 0.01];

const log = (share: number) => Math.log10(Math.max(share * 100, FLOOR));
/** 1 for 100 %, 0 for the smallest share. */
const height = (share: number) => (log(share) - Math.log10(FLOOR)) / (2 - Math.log10(FLOOR));

/**
 * Three panels: the receiver operating characteristic of both embedders, and per embedder the share of pairs of one
 * person that fail and of strangers that pass a threshold.
 */
export function drawCurves(curves: readonly [Curve, Curve], caption: string): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    '<title>Error rates of the two embedders</title>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    ...drawRoc(curves, LEFTS[0]!),
    ...curves.flatMap((curve, i) => drawErrors(curve, LEFTS[i + 1]!)),
    text(20, HEIGHT - 10, caption, { fill: COLORS.mark, 'font-size': 11 }),
    '</svg>',
    '',
  ].join('\n');
}

function drawRoc(curves: readonly Curve[], left: number): string[] {
  const x = (share: number) => left + height(share) * PANEL.width;
  const y = (share: number) => PANEL.top + PANEL.height * (1 - Math.max(0, (share - 0.8) / 0.2));
  return [
    text(left, 22, 'One person against strangers', { 'font-weight': 'bold' }),
    ...frame(left),
    ...DECADES.flatMap((percent) => [
      vertical(x(percent / 100), GRID),
      text(x(percent / 100), PANEL.top + PANEL.height + 16, `${percent}`, { 'text-anchor': 'middle' }),
    ]),
    ...[0.8, 0.85, 0.9, 0.95, 1].flatMap((share) => [
      horizontal(left, y(share)),
      text(left - 6, y(share) + 4, `${Math.round(share * 100)}`, { 'text-anchor': 'end' }),
    ]),
    text(left + PANEL.width / 2, PANEL.top + PANEL.height + 34, 'strangers that pass, %', {
      'text-anchor': 'middle',
    }),
    text(left, PANEL.top - 18, 'pairs of one person that pass, %'),
    ...curves.flatMap(({ name, pairs }, i) => {
      const thresholds = [...pairs.genuine, ...pairs.strangers].sort((a, b) => b - a);
      const points = thresholds.map((threshold) => ({
        x: x(shareAbove(pairs.strangers, threshold)),
        y: y(shareAbove(pairs.genuine, threshold)),
      }));
      const legend = PANEL.top + PANEL.height - 30 + i * 18;
      return [
        path(points, NAMES[i]!),
        line(left + 120, legend - 4, left + 140, legend - 4, { stroke: NAMES[i]!, 'stroke-width': 2 }),
        text(left + 146, legend, name),
      ];
    }),
  ];
}

function drawErrors({ name, pairs, thresholds }: Curve, left: number): string[] {
  const least = Math.min(pairs.genuine[0]!, thresholds.plausible) - (1 - thresholds.match) * 0.6;
  const x = (value: number) => left + ((value - least) / (1 - least)) * PANEL.width;
  const y = (share: number) => PANEL.top + PANEL.height * (1 - height(share));
  const steps = Array.from({ length: 201 }, (_, i) => least + (i / 200) * (1 - least));
  const curve = (share: (threshold: number) => number, color: string) =>
    path(
      steps.map((threshold) => ({ x: x(threshold), y: y(share(threshold)) })),
      color,
    );
  const ticks = [0, 1, 2, 3, 4].map((i) => least + (i / 4) * (1 - least));
  return [
    text(left, 22, `${name}: what passes a threshold`, { 'font-weight': 'bold' }),
    ...frame(left),
    ...DECADES.flatMap((percent) => [
      horizontal(left, y(percent / 100)),
      text(left - 6, y(percent / 100) + 4, `${percent}`, { 'text-anchor': 'end' }),
    ]),
    ...ticks.map((tick) =>
      text(x(tick), PANEL.top + PANEL.height + 16, tick.toFixed(2), { 'text-anchor': 'middle' }),
    ),
    text(left + PANEL.width / 2, PANEL.top + PANEL.height + 34, 'cosine', { 'text-anchor': 'middle' }),
    ...(['match', 'high'] as const).flatMap((level) => {
      const [shift, anchor] = level === 'match' ? [-4, 'end'] : [4, 'start'];
      const attributes = { fill: COLORS.mark, 'text-anchor': anchor };
      return [
        vertical(x(thresholds[level]), { ...GRID, stroke: COLORS.mark, 'stroke-dasharray': '4 3' }),
        text(x(thresholds[level]) + shift, PANEL.top - 4, level, attributes),
      ];
    }),
    curve((threshold) => shareAbove(pairs.strangers, threshold), COLORS.strangers),
    curve((threshold) => 1 - shareAbove(pairs.genuine, threshold), COLORS.genuine),
    text(left, PANEL.top - 20, 'strangers that pass, %', { fill: COLORS.strangers }),
    text(left + 140, PANEL.top - 20, 'pairs that fail, %', { fill: COLORS.genuine }),
  ];
}

function shareAbove(sorted: readonly number[], threshold: number): number {
  return passing(sorted, threshold) / sorted.length;
}

function frame(left: number): string[] {
  const { top, width, height: tall } = PANEL;
  return [`<rect x="${left}" y="${top}" width="${width}" height="${tall}" fill="none" stroke="#9ca3af"/>`];
}

/** Attributes of an SVG element. */
type Attributes = Readonly<Record<string, string | number>>;

const GRID: Attributes = { stroke: '#e5e7eb', 'stroke-width': 1 };

const vertical = (x: number, style: Attributes) => line(x, PANEL.top, x, PANEL.top + PANEL.height, style);
const horizontal = (left: number, y: number) => line(left, y, left + PANEL.width, y, GRID);

function line(x1: number, y1: number, x2: number, y2: number, style: Attributes): string {
  const [a, b, c, d] = [x1, y1, x2, y2].map(round);
  return `<line x1="${a}" y1="${b}" x2="${c}" y2="${d}"${write(style)}/>`;
}

/** Leaves out points that move by less than a tenth of a pixel. */
function path(points: readonly { x: number; y: number }[], color: string): string {
  const steps = points.map(({ x, y }) => `${round(x)},${round(y)}`);
  const distinct = steps.filter((step, i) => step !== steps[i - 1]);
  return `<polyline points="${distinct.join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>`;
}

function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return `<text x="${round(x)}" y="${round(y)}"${write(attributes)}>${content}</text>`;
}

function write(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${value}"`)
    .join('');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

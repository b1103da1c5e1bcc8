import { type Colour, drawStrokes, fillRect, strokeRect } from './draw.ts';
import { encodeJpeg } from './encode.ts';
import { clamp, coveringPixels, type Rect, sharedArea, toRaster } from './geometry.ts';
import type { Raster, Size, UprightImage } from './image.ts';
import { placeLabels } from './label-placement.ts';
import { fitText, textStrokes, textWidth, wrapText } from './text.ts';

/** Meaning of a box's colour: a person of the gallery, an unknown person, or a face that was not compared. */
export type Tone = 'match' | 'unknown' | 'plain';

export interface AnnotatedFace {
  /** Pixels of the upright image. */
  readonly box: Rect;
  /** `F 27 happy`, or a person's name. Only Latin letters are drawn; other characters appear as outlined boxes. */
  readonly label: string;
  readonly tone: Tone;
}

export interface Annotation {
  readonly faces: readonly AnnotatedFace[];
  /** For example `4 faces · 1 male : 3 female`; empty: no banner. */
  readonly banner: string;
}

interface AnnotateOptions {
  /** JPEG quality, 1 to 100. @default 85 */
  readonly quality: number;
}

const DEFAULT_ANNOTATE_OPTIONS: AnnotateOptions = { quality: 85 };

/** Hues that stay distinct under the common forms of colour blindness, bright enough for dark letters. */
const TONES: Readonly<Record<Tone, Colour>> = {
  match: [94, 220, 160],
  unknown: [255, 176, 58],
  plain: [120, 205, 255],
};
const DARK: Colour = [14, 17, 22];
const WHITE: Colour = [255, 255, 255];

/** Share of a face that the banner may hide. */
const MAX_HIDDEN_BY_BANNER = 0.02;

/** Smallest readable height of a capital letter, in pixels. */
const MIN_CAPITAL = 7;

/**
 * Draws a box and a label per face, and a banner, on the upright picture. Returns a JPEG of the raster's size. Lines
 * and letters grow with the picture.
 *
 * The drawing is for people; programs read the result document. A label that is too long ends with an ellipsis. Faces stay
 * visible: a label or banner without room beside them is left out, and so is text that would be too small to read.
 */
export function annotateImage(
  image: UprightImage,
  annotation: Annotation,
  options = DEFAULT_ANNOTATE_OPTIONS,
): Promise<Buffer> {
  const canvas = image.raster;
  const faces = annotation.faces.map((face) => ({
    ...face,
    box: coveringPixels(toRaster(face.box, image), canvas),
  }));
  for (const face of faces) drawBox(canvas, face.box, TONES[face.tone], lineWidthFor(canvas, face.box));
  const free = drawBanner(canvas, annotation.banner, faces);
  drawLabels(canvas, faces, free);
  return encodeJpeg(canvas, options);
}

function drawBox(canvas: Raster, box: Rect, colour: Colour, lineWidth: number): void {
  const radius = Math.min(box.width, box.height) * 0.08;
  strokeRect(canvas, box, radius, lineWidth * 2, { colour: DARK, opacity: 0.45 });
  strokeRect(canvas, box, radius, lineWidth, { colour, opacity: 1 });
}

/**
 * Draws a strip along the top or the bottom, or a plate in a corner where a strip would hide a face. Where a plate would too,
 * the picture gets no banner. Returns the area outside the strip.
 */
function drawBanner(canvas: Raster, banner: string, faces: readonly AnnotatedFace[]): Rect {
  const whole = { x: 0, y: 0, width: canvas.width, height: canvas.height };
  const { lines, capital } = layOutBanner(banner, canvas);
  const height = Math.round(capital * (0.8 + 1.8 * lines.length));
  if (lines.length === 0 || height > canvas.height / 3) return whole;

  const width = Math.ceil(Math.max(...lines.map((line) => textWidth(line, capital))) + 2 * capital);
  const [top, bottom] = [0, canvas.height - height];
  const [left, right] = [0, Math.max(0, canvas.width - width)];
  const boxes = faces.map(({ box }) => box);
  const strip = { ...whole, height };
  const plate = { ...strip, width: Math.min(width, canvas.width) };
  const area = [
    { ...strip, y: bottom },
    { ...strip, y: top },
    ...[bottom, top].flatMap((y) => [left, right].map((x) => ({ ...plate, x, y }))),
  ].find((candidate) =>
    boxes.every((box) => sharedArea(candidate, box) <= MAX_HIDDEN_BY_BANNER * box.width * box.height),
  );
  if (!area) return whole;

  fillRect(canvas, area, 0, { colour: DARK, opacity: 0.78 });
  lines.forEach((line, index) => {
    const baseline = Math.round(area.y + capital * (1.8 + 1.8 * index));
    drawText(canvas, line, area.x + capital, baseline, capital, WHITE);
  });
  return { ...whole, y: area.y === top ? height : 0, height: canvas.height - height };
}

/** Uses one line if the text fits with smaller letters, otherwise up to three lines. */
function layOutBanner(banner: string, canvas: Size): { lines: string[]; capital: number } {
  const largest = Math.max(MIN_CAPITAL + 1, longestSide(canvas) / 70);
  const fitting = (largest * canvas.width) / (textWidth(banner, largest) + 2 * largest);
  const capital = Math.floor(clamp(fitting, Math.max(MIN_CAPITAL, largest * 0.6), largest));
  return { lines: wrapText(banner, capital, canvas.width - 2 * capital, 3), capital };
}

function drawLabels(canvas: Raster, faces: readonly AnnotatedFace[], frame: Rect): void {
  const capital = labelCapital(canvas, faces);
  const padding = Math.round(capital * 0.7);
  const labelled = faces
    .map((face) => ({ ...face, label: fitText(face.label, capital, frame.width - 2 * padding) }))
    .filter((face) => face.label !== '' && capital + 2 * padding < frame.height / 2);
  const boxes = labelled.map((face) => face.box);
  const sizes = labelled.map((face) => ({
    width: Math.ceil(textWidth(face.label, capital)) + 2 * padding,
    height: capital + 2 * padding,
  }));
  const positions = placeLabels(boxes, sizes, frame, lineWidthFor(canvas));
  labelled.forEach((face, index) => {
    const position = positions[index];
    if (!position) return;
    const plate = { ...position, x: Math.round(position.x), y: Math.round(position.y) };
    fillRect(canvas, plate, capital * 0.35, { colour: TONES[face.tone], opacity: 0.94 });
    drawText(canvas, face.label, plate.x + padding, plate.y + padding + capital, capital, DARK);
  });
}

/** One letter size for all labels: ten letters are about as wide as the median face, within readable bounds. */
function labelCapital(canvas: Size, faces: readonly AnnotatedFace[]): number {
  const widths = faces.map((face) => face.box.width).sort((a, b) => a - b);
  const typical = widths[Math.floor(widths.length / 2)] ?? 0;
  const side = longestSide(canvas);
  return Math.round(Math.max(MIN_CAPITAL, clamp(typical * 0.15, side / 140, side / 60)));
}

/** `x` is the centre line of the first stroke, `y` the baseline. */
function drawText(canvas: Raster, text: string, x: number, y: number, capital: number, colour: Colour): void {
  const lineWidth = Math.max(1.1, capital * 0.15);
  // Put the lower edge of strokes on the baseline between two rows of pixels, so that it stays sharp.
  const baseline = Math.round(y + lineWidth / 2) - lineWidth / 2;
  drawStrokes(canvas, textStrokes(text, x, baseline, capital), lineWidth, { colour, opacity: 1 });
}

/** Line width in pixels; thinner around a small face. */
function lineWidthFor(canvas: Size, box?: Rect): number {
  const usual = Math.max(1.5, longestSide(canvas) / 500);
  return box === undefined ? usual : Math.max(1.5, Math.min(usual, box.width / 14));
}

function longestSide(size: Size): number {
  return Math.max(size.width, size.height);
}

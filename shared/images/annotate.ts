import { type Colour, drawStrokes, fillRect, strokeRect } from './draw.ts';
import { encodeJpeg } from './encode.ts';
import { clamp, coveringPixels, type Rect, sharedArea, toRaster } from './geometry.ts';
import type { Raster, Size, UprightImage } from './image.ts';
import { placeLabels } from './labels.ts';
import { fitText, textStrokes, textWidth, wrapText } from './text.ts';

/** What a colour says: a person of the gallery, somebody unknown to it, or that nobody was compared. */
export type Tone = 'match' | 'unknown' | 'plain';

export interface AnnotatedFace {
  /** Pixels of the upright image. */
  readonly box: Rect;
  /** `F 27 happy`, or a person's name. Latin script is drawn; other characters show as outlined boxes. */
  readonly label: string;
  readonly tone: Tone;
}

export interface Annotation {
  readonly faces: readonly AnnotatedFace[];
  /** `4 faces · 1 male : 3 female`; empty for none. */
  readonly banner: string;
}

interface AnnotateOptions {
  /** JPEG quality, 1 to 100. */
  readonly quality: number;
}

const DEFAULT_ANNOTATE_OPTIONS: AnnotateOptions = { quality: 85 };

/** Hues that the common forms of colour blindness leave apart, bright enough to carry dark letters. */
const TONES: Readonly<Record<Tone, Colour>> = {
  match: [94, 220, 160],
  unknown: [255, 176, 58],
  plain: [120, 205, 255],
};
const DARK: Colour = [14, 17, 22];
const WHITE: Colour = [255, 255, 255];

/** Pixels of capitals below which letters run together. */
const MIN_CAPITAL = 7;

/**
 * The upright picture with a box and a label per face and a banner, as JPEG of the raster's size. Lines and letters
 * grow with the picture. Draws into the raster of the image.
 *
 * The drawing is for people; the result document is the truth. A label that is too long ends with an ellipsis, a
 * picture too small for readable text gets none.
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

/** A strip along the top or the bottom, whichever hides less of the faces. Returns what it leaves free. */
function drawBanner(canvas: Raster, banner: string, faces: readonly AnnotatedFace[]): Rect {
  const whole = { x: 0, y: 0, width: canvas.width, height: canvas.height };
  const { lines, capital } = layOutBanner(banner, canvas);
  const height = Math.round(capital * (0.8 + 1.8 * lines.length));
  if (lines.length === 0 || height > canvas.height / 3) return whole;

  const top = { ...whole, height };
  const bottom = { ...top, y: canvas.height - height };
  const hides = (strip: Rect) => faces.reduce((sum, { box }) => sum + sharedArea(strip, box), 0);
  const strip = hides(bottom) <= hides(top) ? bottom : top;
  fillRect(canvas, strip, 0, { colour: DARK, opacity: 0.78 });
  lines.forEach((line, index) => {
    const baseline = Math.round(strip.y + capital * (1.8 + 1.8 * index));
    drawText(canvas, line, capital, baseline, capital, WHITE);
  });
  return { ...whole, y: strip.y === 0 ? height : 0, height: canvas.height - height };
}

/** One line if it fits with smaller letters, else up to three. */
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
  const places = placeLabels(boxes, sizes, frame, lineWidthFor(canvas));
  labelled.forEach((face, index) => {
    const place = places[index]!;
    const plate = { ...place, x: Math.round(place.x), y: Math.round(place.y) };
    fillRect(canvas, plate, capital * 0.35, { colour: TONES[face.tone], opacity: 0.94 });
    drawText(canvas, face.label, plate.x + padding, plate.y + padding + capital, capital, DARK);
  });
}

/** One size for all labels: ten letters are about as wide as the middle one of the faces, within what can be read. */
function labelCapital(canvas: Size, faces: readonly AnnotatedFace[]): number {
  const widths = faces.map((face) => face.box.width).sort((a, b) => a - b);
  const typical = widths[Math.floor(widths.length / 2)] ?? 0;
  const side = longestSide(canvas);
  return Math.round(Math.max(MIN_CAPITAL, clamp(typical * 0.15, side / 140, side / 60)));
}

/** `x` is the first centre line, `y` the baseline. */
function drawText(canvas: Raster, text: string, x: number, y: number, capital: number, colour: Colour): void {
  const lineWidth = Math.max(1.1, capital * 0.15);
  // The lower edge of strokes along the baseline falls between two rows of pixels, which keeps it crisp.
  const baseline = Math.round(y + lineWidth / 2) - lineWidth / 2;
  drawStrokes(canvas, textStrokes(text, x, baseline, capital), lineWidth, { colour, opacity: 1 });
}

/** Pixels; thinner around a small face. */
function lineWidthFor(canvas: Size, box?: Rect): number {
  const usual = Math.max(1.5, longestSide(canvas) / 500);
  return box === undefined ? usual : Math.max(1.5, Math.min(usual, box.width / 14));
}

function longestSide(size: Size): number {
  return Math.max(size.width, size.height);
}

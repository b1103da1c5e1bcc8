import type { Sharp } from 'sharp';
import { drawStrokes } from '../../../shared/images/draw.ts';
import { textStrokes, textWidth } from '../../../shared/images/text.ts';
import { invalidArgument, notImplemented } from '../errors.ts';
import { type Parameters, placeIn, wholeNumber } from './parameters.ts';

/** doc: the maximum number of characters. */
const MAX_TEXT_LENGTH = 64;
/** `type` names a font; this server has only one. guess: the ratios of capitals and strokes to the size. */
const KNOWN = new Set(['text', 'type', 'color', 'size', 't', 'g', 'x', 'y']);

/**
 * Draws a text on the picture. doc: `text` is Base64 for URLs; the defaults are colour 000000, size 40 pixels, opacity `t`
 * 100 %, gravity `se`, 10 pixels from the edges. Drawn with the project's own typeface, because a machine may have no
 * fonts; missing characters are drawn as boxes.
 */
export async function watermark(image: Sharp, parameters: Parameters): Promise<Sharp> {
  for (const name of parameters.keys()) {
    if (!KNOWN.has(name)) throw notImplemented(`x-oss-process=image/watermark,${name}`);
  }
  const text = Buffer.from(parameters.get('text') ?? '', 'base64url').toString('utf8');
  if (text === '' || [...text].length > MAX_TEXT_LENGTH)
    throw invalidArgument('text', parameters.get('text') ?? '');
  const read = (name: string, fallback: number, min: number, max: number) =>
    wholeNumber(name, parameters.get(name) ?? String(fallback), min, max);
  const size = read('size', 40, 1, 1000);
  const opacity = read('t', 100, 0, 100) / 100;
  const margin = { x: read('x', 10, 0, 4096), y: read('y', 10, 0, 4096) };

  const { width: imageWidth = 1, height: imageHeight = 1 } = await image.metadata();
  const capital = size * 0.7;
  const stroke = Math.max(1, size / 12);
  const area = {
    width: Math.min(imageWidth, Math.ceil(textWidth(text, capital) + 2 * stroke)),
    height: Math.min(imageHeight, Math.ceil(size * 1.1)),
  };
  const mask = { ...area, data: new Uint8Array(area.width * area.height * 3) };
  drawStrokes(mask, textStrokes(text, stroke, capital + stroke, capital), stroke, {
    colour: [255, 255, 255],
    opacity,
  });
  const colour = readColour(parameters.get('color') ?? '000000');
  const overlay = Buffer.alloc(area.width * area.height * 4);
  for (let pixel = 0; pixel < area.width * area.height; pixel++) {
    overlay.set([...colour, mask.data[pixel * 3]!], pixel * 4);
  }
  const { left, top } = placeIn(
    { width: imageWidth, height: imageHeight },
    area,
    parameters.get('g') ?? 'se',
    margin,
  );
  return image.composite([{ input: overlay, raw: { ...area, channels: 4 }, left, top }]);
}

function readColour(text: string): [red: number, green: number, blue: number] {
  if (!/^[0-9a-f]{6}$/i.test(text)) throw invalidArgument('color', text);
  const [red = 0, green = 0, blue = 0] = Buffer.from(text, 'hex');
  return [red, green, blue];
}

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp, { type Sharp } from 'sharp';
import type { Raster, UprightImage } from '../../../shared/images/image.ts';

export type Pixel = readonly [red: number, green: number, blue: number];

export const RED: Pixel = [255, 0, 0];
export const GREEN: Pixel = [0, 255, 0];
export const BLUE: Pixel = [0, 0, 255];
export const WHITE: Pixel = [255, 255, 255];

/** A group of people, 1920 pixels wide, with an embedded sRGB profile. */
export function photo(): Buffer {
  const url = import.meta.resolve('@vladmandic/face-api/package.json');
  return readFileSync(fileURLToPath(new URL('demo/sample4.jpg', url)));
}

/** A picture of one colour. The test encodes it. */
export function plain([r, g, b]: Pixel, width = 64, height = 48): Sharp {
  return sharp({ create: { width, height, channels: 3, background: { r, g, b } } });
}

/** Red and green above blue and white. */
export function quarters(side = 32): Sharp {
  const raster = blank(side * 2, side * 2);
  paint(raster, { x: 0, y: 0, width: side, height: side }, RED);
  paint(raster, { x: side, y: 0, width: side, height: side }, GREEN);
  paint(raster, { x: 0, y: side, width: side, height: side }, BLUE);
  paint(raster, { x: side, y: side, width: side, height: side }, WHITE);
  return sharp(raster.data, { raw: { width: side * 2, height: side * 2, channels: 3 } });
}

/** Frames of one colour each. */
export function frames(colours: readonly Pixel[], side = 16): Sharp {
  const data = Buffer.concat(colours.map((colour) => blank(side, side, colour).data));
  return sharp(data, { raw: { width: side, height: side * colours.length, channels: 3, pageHeight: side } });
}

export function blank(width: number, height: number, [red, green, blue]: Pixel = [128, 128, 128]): Raster {
  const data = new Uint8Array(width * height * 3);
  for (let at = 0; at < data.length; at += 3) data.set([red, green, blue], at);
  return { data, width, height };
}

/** A raster in which every pixel differs from its neighbours. */
export function noise(width: number, height: number, seed = 1): Raster {
  const raster = blank(width, height);
  raster.data.forEach((_, at) => {
    raster.data[at] = Math.imul(at + seed, 2_654_435_761) >>> 24;
  });
  return raster;
}

export function upright(raster: Raster, scale = 1): UprightImage {
  return { width: raster.width / scale, height: raster.height / scale, format: 'jpeg', raster };
}

export function pixelAt(raster: Raster, x: number, y: number): Pixel {
  const at = (y * raster.width + x) * 3;
  return [raster.data[at]!, raster.data[at + 1]!, raster.data[at + 2]!];
}

export async function pixelsOf(file: Uint8Array): Promise<Raster> {
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

/** The largest difference of a channel. */
export function difference(a: Pixel, b: Pixel): number {
  return Math.max(...a.map((value, channel) => Math.abs(value - b[channel]!)));
}

function paint(
  raster: Raster,
  area: { x: number; y: number; width: number; height: number },
  colour: Pixel,
): void {
  for (let y = area.y; y < area.y + area.height; y++) {
    for (let x = area.x; x < area.x + area.width; x++) raster.data.set(colour, (y * raster.width + x) * 3);
  }
}

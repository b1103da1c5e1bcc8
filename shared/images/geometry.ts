import type { PictureFacts, Raster, Size } from './image.ts';

/** Pixels, origin top left. The box of a face has this shape. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Converts from pixels of the upright image to pixels of its raster. */
export function toRaster(rect: Rect, image: PictureFacts): Rect {
  const sx = image.raster.width / image.width;
  const sy = image.raster.height / image.height;
  return { x: rect.x * sx, y: rect.y * sy, width: rect.width * sx, height: rect.height * sy };
}

/** Grows a rectangle on all four sides. */
export function inflate(rect: Rect, dx: number, dy: number): Rect {
  return { x: rect.x - dx, y: rect.y - dy, width: rect.width + 2 * dx, height: rect.height + 2 * dy };
}

/** The whole pixels that cover the rectangle, inside the bounds; at least one, even when the rectangle lies outside. */
export function coveringPixels(rect: Rect, bounds: Size): Rect {
  const x = clamp(Math.floor(rect.x), 0, bounds.width - 1);
  const y = clamp(Math.floor(rect.y), 0, bounds.height - 1);
  const right = clamp(Math.ceil(rect.x + rect.width), x + 1, bounds.width);
  const bottom = clamp(Math.ceil(rect.y + rect.height), y + 1, bounds.height);
  return { x, y, width: right - x, height: bottom - y };
}

/** Moves a rectangle into another without changing its size. If it is too large, both start at the same corner. */
export function moveInside(rect: Rect, frame: Rect): Rect {
  return {
    ...rect,
    x: clamp(rect.x, frame.x, Math.max(frame.x, frame.x + frame.width - rect.width)),
    y: clamp(rect.y, frame.y, Math.max(frame.y, frame.y + frame.height - rect.height)),
  };
}

/** Area of the intersection, in square pixels. */
export function sharedArea(a: Rect, b: Rect): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}

/** Area of the intersection divided by the area of the union, 0 to 1. */
export function overlap(a: Rect, b: Rect): number {
  const shared = sharedArea(a, b);
  return shared === 0 ? 0 : shared / (a.width * a.height + b.width * b.height - shared);
}

export function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}

/** Copies a rectangle of whole pixels out of a raster. */
export function cut(raster: Raster, { x, y, width, height }: Rect): Raster {
  const data = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * raster.width + x) * 3;
    data.set(raster.data.subarray(from, from + width * 3), row * width * 3);
  }
  return { data, width, height };
}

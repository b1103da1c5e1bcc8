import type { UprightImage } from '../../../images/image.ts';
import type { Box, Point } from '../../face.ts';

/** From pixels of the raster to pixels of the upright image. */
export interface ToUpright {
  /** Whole pixels, clamped to the image. */
  box(box: Box): Box;
  /** Tenths of a pixel; a point of a face that the border cuts may lie outside. */
  point(point: Point): Point;
}

export function toUpright({ width, height, raster }: UprightImage): ToUpright {
  const scaleX = width / raster.width;
  const scaleY = height / raster.height;
  return {
    box(box) {
      const left = clamp(Math.round(box.x * scaleX), width);
      const top = clamp(Math.round(box.y * scaleY), height);
      const right = clamp(Math.round((box.x + box.width) * scaleX), width);
      const bottom = clamp(Math.round((box.y + box.height) * scaleY), height);
      return { x: left, y: top, width: right - left, height: bottom - top };
    },
    point: ({ x, y }) => ({ x: tenths(x * scaleX), y: tenths(y * scaleY) }),
  };
}

function clamp(value: number, limit: number): number {
  return Math.min(limit, Math.max(0, value));
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

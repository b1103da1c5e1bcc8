import type { UprightImage } from '../../../images/image.ts';
import type { Box, Point } from '../../face.ts';

/** Converts from pixels of the raster to pixels of the upright image. */
export interface ToUpright {
  /** Clamped to the image. */
  box(box: Box): Box;
  /** Not clamped: a face that crosses the border may have points outside the image. */
  point(point: Point): Point;
}

export function toUpright({ width, height, raster }: UprightImage): ToUpright {
  const scaleX = width / raster.width;
  const scaleY = height / raster.height;
  return {
    box(box) {
      const x = clamp(box.x * scaleX, width);
      const y = clamp(box.y * scaleY, height);
      return {
        x,
        y,
        width: clamp((box.x + box.width) * scaleX, width) - x,
        height: clamp((box.y + box.height) * scaleY, height) - y,
      };
    },
    point: ({ x, y }) => ({ x: x * scaleX, y: y * scaleY }),
  };
}

function clamp(value: number, limit: number): number {
  return Math.min(limit, Math.max(0, value));
}

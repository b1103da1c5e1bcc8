import type { Size } from '../../../images/image.ts';
import type { Box } from '../../face.ts';

// Each operation writes rectangles in its own way. They are clamped, because those of the service may exceed the picture.

/** DetectFace, RecognizeFace, CompareFace: all faces in one list, left, top, width, height each. */
export function fromFlatList(list: readonly number[], size: Size): Box[] {
  return Array.from({ length: Math.floor(list.length / 4) }, (_, i) => {
    const [left, top, width, height] = list.slice(4 * i, 4 * i + 4) as [number, number, number, number];
    return clampBox(left, top, width, height, size);
  });
}

/** SearchFace. */
export function fromLocation(
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
  size: Size,
): Box {
  return clampBox(x, y, width, height, size);
}

function clampBox(left: number, top: number, width: number, height: number, size: Size): Box {
  const x = clamp(left, size.width);
  const y = clamp(top, size.height);
  return { x, y, width: clamp(left + width, size.width) - x, height: clamp(top + height, size.height) - y };
}

function clamp(value: number, limit: number): number {
  return Math.min(limit, Math.max(0, value));
}

import type { Box } from '../../face.ts';

/** Pixels of the picture that was sent. */
interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Operations write rectangles in five ways; each becomes our box, clamped to the picture, as rectangles of the
 * service may touch its border and exceed it.
 */

/** DetectFace, RecognizeFace, CompareFace: all faces in one list, left, top, width, height each. */
export function fromFlatList(list: readonly number[], size: Size): Box[] {
  return Array.from({ length: Math.floor(list.length / 4) }, (_, i) => {
    const [left, top, width, height] = list.slice(4 * i, 4 * i + 4) as [number, number, number, number];
    return clampBox(left, top, width, height, size);
  });
}

/** RecognizeExpression, DetectLivingFace. */
export function fromLeftTop(
  { left, top, width, height }: { left: number; top: number; width: number; height: number },
  size: Size,
): Box {
  return clampBox(left, top, width, height, size);
}

/** SearchFace. */
export function fromLocation(
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
  size: Size,
): Box {
  return clampBox(x, y, width, height, size);
}

/** RecognizePublicFace. */
export function fromShortNames(
  { x, y, w, h }: { x: number; y: number; w: number; h: number },
  size: Size,
): Box {
  return clampBox(x, y, w, h, size);
}

/** DetectCelebrity: fractions of the picture's sides. */
export function fromFractions(
  [x, y, width, height]: readonly [number, number, number, number],
  size: Size,
): Box {
  return clampBox(x * size.width, y * size.height, width * size.width, height * size.height, size);
}

function clampBox(left: number, top: number, width: number, height: number, size: Size): Box {
  const x = clamp(left, size.width);
  const y = clamp(top, size.height);
  return { x, y, width: clamp(left + width, size.width) - x, height: clamp(top + height, size.height) - y };
}

function clamp(value: number, limit: number): number {
  return Math.min(limit, Math.max(0, value));
}

import { moveInside, type Rect, sharedArea } from './geometry.ts';
import type { Size } from './image.ts';

/**
 * Where labels stand: each at its box, inside the frame, and where it hides least of other faces and labels. The
 * largest faces come first in a result, so they get the best places. The same input gives the same places.
 */
export function placeLabels(
  boxes: readonly Rect[],
  sizes: readonly Size[],
  frame: Rect,
  gap: number,
): Rect[] {
  const placed: Rect[] = [];
  boxes.forEach((box, index) => {
    const size = sizes[index]!;
    const others = boxes.filter((_, other) => other !== index);
    let best: Rect | undefined;
    let lowest = Number.POSITIVE_INFINITY;
    for (const candidate of candidates(box, size, gap)) {
      const place = moveInside(candidate, frame);
      const cost = hiding(place, box, others, placed);
      if (cost < lowest) [best, lowest] = [place, cost];
      if (cost === 0) break;
    }
    placed.push(best!);
  });
  return placed;
}

/** In order of preference. */
function candidates(box: Rect, size: Size, gap: number): Rect[] {
  const left = box.x - gap;
  const right = box.x + box.width + gap - size.width;
  const middle = box.x + (box.width - size.width) / 2;
  const above = box.y - gap - size.height;
  const below = box.y + box.height + gap;
  const places: (readonly [x: number, y: number])[] = [
    [left, above],
    [left, below],
    [right, above],
    [right, below],
    [middle, above],
    [middle, below],
    [box.x + box.width + gap, box.y],
    [box.x - gap - size.width, box.y],
    [middle, box.y + box.height - size.height],
    [middle, box.y],
  ];
  return places.map(([x, y]) => ({ x, y, ...size }));
}

/** Pixels hidden, weighted: two labels over each other can both not be read, one's own face is the least loss. */
function hiding(place: Rect, own: Rect, others: readonly Rect[], labels: readonly Rect[]): number {
  const sum = (rects: readonly Rect[]) => rects.reduce((total, rect) => total + sharedArea(place, rect), 0);
  return 10 * sum(labels) + 3 * sum(others) + sharedArea(place, own);
}

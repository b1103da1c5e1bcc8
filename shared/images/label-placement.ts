import { moveInside, type Rect, sharedArea } from './geometry.ts';
import type { Size } from './image.ts';

/** Share of a face that all labels together may hide, and of a label that another one may hide. */
const MAX_HIDDEN = 0.1;

/**
 * Positions of labels, in the order of `boxes`: each next to its box, inside the frame, where it hides least of faces and
 * other labels. A label without such a position gets `undefined`: in a crowd, the faces matter more than their labels. The
 * largest faces come first in a result, so they get the best positions. Deterministic.
 */
export function placeLabels(
  boxes: readonly Rect[],
  sizes: readonly Size[],
  frame: Rect,
  gap: number,
): (Rect | undefined)[] {
  const placed: Rect[] = [];
  const hides = (position: Rect) =>
    boxes.some((box) => sharedSum(box, [...placed, position]) > MAX_HIDDEN * area(box)) ||
    placed.some((label) => sharedArea(label, position) > MAX_HIDDEN * area(label));
  return boxes.map((box, index) => {
    const size = sizes[index]!;
    const others = boxes.filter((_, other) => other !== index);
    let best: Rect | undefined;
    let lowest = Number.POSITIVE_INFINITY;
    for (const candidate of candidates(box, size, gap)) {
      const position = moveInside(candidate, frame);
      if (hides(position)) continue;
      const cost = hiddenArea(position, box, others, placed);
      if (cost < lowest) [best, lowest] = [position, cost];
      if (cost === 0) break;
    }
    if (best) placed.push(best);
    return best;
  });
}

function sharedSum(rect: Rect, others: readonly Rect[]): number {
  return others.reduce((sum, other) => sum + sharedArea(rect, other), 0);
}

function area({ width, height }: Rect): number {
  return width * height;
}

/** In order of preference. */
function candidates(box: Rect, size: Size, gap: number): Rect[] {
  const left = box.x - gap;
  const right = box.x + box.width + gap - size.width;
  const middle = box.x + (box.width - size.width) / 2;
  const above = box.y - gap - size.height;
  const below = box.y + box.height + gap;
  const corners: (readonly [x: number, y: number])[] = [
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
  return corners.map(([x, y]) => ({ x, y, ...size }));
}

/** Hidden pixels, weighted: overlapping labels are both unreadable, and hiding the label's own face costs least. */
function hiddenArea(label: Rect, own: Rect, others: readonly Rect[], labels: readonly Rect[]): number {
  return 10 * sharedSum(label, labels) + 3 * sharedSum(label, others) + sharedArea(label, own);
}

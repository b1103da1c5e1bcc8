import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromFlatList, fromLocation } from '../../../../../shared/faces/engines/facebody/rectangles.ts';

const SIZE = { width: 200, height: 100 };
const BOX = { x: 20, y: 10, width: 50, height: 40 };

test('a rectangle of a flat list and one with named sides give the same box', () => {
  const boxes = [
    ...fromFlatList([20, 10, 50, 40], SIZE),
    fromLocation({ x: 20, y: 10, width: 50, height: 40 }, SIZE),
  ];

  expect(boxes).toEqual([BOX, BOX]);
});

test('a flat list holds four figures a face', () => {
  const boxes = fromFlatList([20, 10, 50, 40, 0, 0, 5, 6], SIZE);

  expect(boxes).toEqual([BOX, { x: 0, y: 0, width: 5, height: 6 }]);
});

test('boxes lie inside the picture, whatever the service says', () => {
  const figure = fc.integer({ min: -500, max: 500 });
  fc.assert(
    fc.property(figure, figure, fc.nat({ max: 500 }), fc.nat({ max: 500 }), (x, y, width, height) => {
      const [box] = fromFlatList([x, y, width, height], SIZE);

      expect(Math.min(box!.x, box!.y, box!.width, box!.height)).toBeGreaterThanOrEqual(0);
      expect(box!.x + box!.width).toBeLessThanOrEqual(SIZE.width);
      expect(box!.y + box!.height).toBeLessThanOrEqual(SIZE.height);
    }),
  );
});

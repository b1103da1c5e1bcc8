import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sharedArea } from '../../../shared/images/geometry.ts';
import { placeLabels } from '../../../shared/images/label-placement.ts';

const FRAME = { x: 0, y: 0, width: 400, height: 300 };
const SIZE = { width: 80, height: 20 };

test('a label is above its box, aligned left', () => {
  const [place] = placeLabels([{ x: 100, y: 100, width: 50, height: 60 }], [SIZE], FRAME, 4);

  expect(place).toEqual({ x: 96, y: 76, width: 80, height: 20 });
});

test('a label is below a box at the upper edge, and aligned right at the right edge', () => {
  const [upper, right] = placeLabels(
    [
      { x: 100, y: 2, width: 50, height: 60 },
      { x: 345, y: 150, width: 50, height: 60 },
    ],
    [SIZE, SIZE],
    FRAME,
    4,
  );

  expect(upper).toMatchObject({ x: 96, y: 66 });
  expect(right).toMatchObject({ x: 320, y: 126 });
});

test('a label avoids other faces and other labels', () => {
  const boxes = [
    { x: 100, y: 100, width: 50, height: 60 },
    { x: 105, y: 30, width: 50, height: 60 },
    { x: 160, y: 100, width: 50, height: 60 },
  ];

  const places = placeLabels(boxes, [SIZE, SIZE, SIZE], FRAME, 4);

  places.forEach((place, index) => {
    for (const box of boxes) expect(sharedArea(place!, box)).toBe(0);
    for (const other of places.slice(0, index)) expect(sharedArea(place!, other!)).toBe(0);
  });
});

test('a label without room beside faces and other labels is left out', () => {
  const frame = { x: 0, y: 0, width: 90, height: 100 };
  const boxes = [
    { x: 10, y: 30, width: 60, height: 40 },
    { x: 10, y: 30, width: 60, height: 40 },
    { x: 10, y: 30, width: 60, height: 40 },
  ];

  const places = placeLabels(boxes, [SIZE, SIZE, SIZE], frame, 4);

  expect(places.map((place) => place?.y)).toEqual([6, 74, undefined]);
});

const boxes = fc.array(
  fc.record({
    x: fc.integer({ min: 0, max: 390 }),
    y: fc.integer({ min: 0, max: 290 }),
    width: fc.integer({ min: 1, max: 400 }),
    height: fc.integer({ min: 1, max: 300 }),
  }),
  { maxLength: 60 },
);

test('a label is always inside the frame', () => {
  const frame = { x: 0, y: 30, width: 400, height: 270 };

  fc.assert(
    fc.property(boxes, (faces) => {
      const places = placeLabels(
        faces,
        faces.map(() => SIZE),
        frame,
        3,
      );

      expect(places).toHaveLength(faces.length);
      for (const place of places) {
        if (place) expect(sharedArea(place, frame)).toBe(SIZE.width * SIZE.height);
      }
    }),
  );
});

test('labels leave nine tenths of every face visible, however many faces there are', () => {
  fc.assert(
    fc.property(boxes, (faces) => {
      const places = placeLabels(
        faces,
        faces.map(() => SIZE),
        FRAME,
        3,
      );

      for (const face of faces) {
        const hidden = places.map((place) => (place ? sharedArea(place, face) : 0));
        expect(hidden.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(0.1 * face.width * face.height);
      }
    }),
  );
});

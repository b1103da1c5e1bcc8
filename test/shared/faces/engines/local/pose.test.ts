import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { estimatePose, HEAD } from '../../../../../shared/faces/engines/local/pose.ts';
import type { Point, Pose } from '../../../../../shared/faces/face.ts';

const radians = (degrees: number) => (degrees * Math.PI) / 180;

/** Projects the average head, rotated by yaw, pitch and roll, without perspective, with any size and position. */
function draw({ yaw, pitch, roll }: Pose, size = 3, shift: Point = { x: 400, y: 300 }): Point[] {
  const landmarks: Point[] = Array.from({ length: 68 }, () => shift);
  for (const [landmark, [x, y, z]] of HEAD) {
    // When a head turns to its left, its nose moves to the right in the picture.
    const turnedX = x * Math.cos(radians(yaw)) - z * Math.sin(radians(yaw));
    const turnedZ = x * Math.sin(radians(yaw)) + z * Math.cos(radians(yaw));
    const noddedY = y * Math.cos(radians(pitch)) + turnedZ * Math.sin(radians(pitch));
    landmarks[landmark] = {
      x: shift.x + size * (turnedX * Math.cos(radians(roll)) - noddedY * Math.sin(radians(roll))),
      y: shift.y + size * (turnedX * Math.sin(radians(roll)) + noddedY * Math.cos(radians(roll))),
    };
  }
  return landmarks;
}

describe('estimatePose', () => {
  test('estimatePose finds the angles of any projected head', () => {
    const angle = fc.double({ min: -75, max: 75, noNaN: true });
    fc.assert(
      fc.property(angle, angle, angle, (yaw, pitch, roll) => {
        const pose = estimatePose(draw({ yaw, pitch, roll }));

        expect(pose.yaw).toBeCloseTo(yaw, 5);
        expect(pose.pitch).toBeCloseTo(pitch, 5);
        expect(pose.roll).toBeCloseTo(roll, 5);
      }),
    );
  });

  test('a pose depends on neither size nor position', () => {
    const pose = { yaw: 20, pitch: -10, roll: 5 };

    const far = estimatePose(draw(pose, 0.1, { x: -50, y: 9000 }));

    expect(far.yaw).toBeCloseTo(20, 5);
    expect(far.pitch).toBeCloseTo(-10, 5);
    expect(far.roll).toBeCloseTo(5, 5);
  });

  test('a nose to the right of the eyes is a turn to the left, and a raised nose is a look up', () => {
    const straight = draw({ yaw: 0, pitch: 0, roll: 0 });
    const nose = 30;
    const moved = (dx: number, dy: number) =>
      estimatePose(straight.with(nose, { x: straight[nose]!.x + dx, y: straight[nose]!.y + dy }));

    expect(moved(30, 0).yaw).toBeGreaterThan(5);
    expect(moved(0, -30).pitch).toBeGreaterThan(5);
  });
});

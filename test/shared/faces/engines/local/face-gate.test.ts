import { describe, expect, test } from 'vitest';
import { EMBEDDERS } from '../../../../../shared/faces/engines/local/embedders.ts';
import { hasFaceContent, hasFaceShape } from '../../../../../shared/faces/engines/local/face-gate.ts';
import type { RasterKeypoints } from '../../../../../shared/faces/engines/local/landmarks.ts';
import { faceQuality } from '../../../../../shared/faces/engines/local/quality.ts';

const nowhere = { x: 0, y: 0 };
const eyesApart = (distance: number): RasterKeypoints => ({
  leftEye: { x: 10, y: 20 },
  rightEye: { x: 10 + distance, y: 20 },
  nose: nowhere,
  mouthLeft: nowhere,
  mouthRight: nowhere,
  mouth: nowhere,
});
const box = { x: 0, y: 0, width: 100, height: 140 };

const norms = EMBEDDERS.mobilefacenet.norms!;

describe('face gate', () => {
  test('a face needs a minimum distance between the eyes', () => {
    expect(hasFaceShape(box, eyesApart(28))).toBe(true);
    expect(hasFaceShape(box, eyesApart(26))).toBe(false);
  });

  test('a face needs a greater norm where the detector is unsure', () => {
    expect(hasFaceContent(1.8, 0.95, norms)).toBe(true);
    expect(hasFaceContent(1.79, 0.95, norms)).toBe(false);
    expect(hasFaceContent(2.19, 0.85, norms)).toBe(false);
    expect(hasFaceContent(2.2, 0.85, norms)).toBe(true);
  });

  test('without norms the probability of the detector decides', () => {
    expect(hasFaceContent(0, 0.9, EMBEDDERS.dlib.norms)).toBe(true);
    expect(hasFaceContent(9, 0.89, EMBEDDERS.dlib.norms)).toBe(false);
  });
});

describe('faceQuality', () => {
  test('quality grows with the norm between the worst and the best', () => {
    expect(faceQuality(1.5, 200, norms)).toBe(0);
    expect(faceQuality(2.8, 200, norms)).toBeCloseTo(0.5, 10);
    expect(faceQuality(5, 200, norms)).toBe(1);
  });

  test('quality is lower for faces that are too narrow to be distinguished', () => {
    expect(faceQuality(3.8, 45, norms)).toBe(1);
    expect(faceQuality(3.8, 9, norms)).toBeCloseTo(0.2, 10);
  });
});

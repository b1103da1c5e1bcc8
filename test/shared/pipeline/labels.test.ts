import { describe, expect, test } from 'vitest';
import type { FaceAttributes } from '../../../shared/faces/face.ts';
import { bannerOf, labelOf, toneOf } from '../../../shared/pipeline/labels.ts';

const ANNA = { person: 'Anna', confidence: 0.6, level: 'high' } as const;
const MAN = { gender: { value: 'male' } } as const;
const WOMAN = { gender: { value: 'female' } } as const;

describe('labelOf', () => {
  test.each<[FaceAttributes, string]>([
    [{ ...MAN, age: 32.6, expression: { value: 'happy' } }, 'M 33 happy'],
    [WOMAN, 'F'],
    [{ age: 0 }, '0'],
    [{ ...WOMAN, expression: { value: 'sad' } }, 'F sad'],
    [{}, ''],
  ])('the label of a face with %j is "%s"', (attributes, label) => {
    expect(labelOf({ attributes })).toBe(label);
  });

  test('the label of a known person is the name alone', () => {
    expect(labelOf({ attributes: { ...WOMAN, age: 30 } }, ANNA)).toBe('Anna');
  });

  test('the label of an unknown face names its attributes', () => {
    expect(labelOf({ attributes: { ...WOMAN, age: 30 } }, { unknown: true, bestScore: 0.3 })).toBe('F 30');
  });
});

describe('toneOf', () => {
  test('a known person is marked', () => {
    expect(toneOf(ANNA)).toBe('match');
  });

  test('a face that resembles nobody is marked as unknown', () => {
    expect(toneOf({ unknown: true, bestScore: 0 })).toBe('unknown');
  });

  test('a face that was not compared is not marked', () => {
    expect([toneOf(undefined), toneOf({ unknown: true })]).toEqual(['plain', 'plain']);
  });
});

describe('bannerOf', () => {
  test.each<[FaceAttributes[], string]>([
    [[], '0 faces'],
    [[{}], '1 face'],
    [[MAN, {}], '2 faces'],
    [[WOMAN], '1 face · Male:Female=0:1'],
    [[MAN, WOMAN, MAN], '3 faces · Male:Female=2:1'],
  ])('the banner of the faces %j is "%s"', (faces, banner) => {
    expect(bannerOf(faces.map((attributes) => ({ attributes })))).toBe(banner);
  });
});

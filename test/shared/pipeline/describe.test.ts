import { describe, expect, test } from 'vitest';
import type { Face } from '../../../shared/faces/face.ts';
import { describeFaces, describeSource } from '../../../shared/pipeline/describe.ts';
import { readPipelineOptions } from '../../../shared/pipeline/options.ts';
import { resultKeys } from '../../../shared/results/keys.ts';
import { anEvent } from '../../support/events.ts';
import { aFace } from '../../support/fake-engine.ts';
import { blankImage } from '../../support/photos.ts';

const KEYS = resultKeys('results/', { bucket: 'photos', key: 'a.jpg' });
const ALL = { LANDMARKS: 'true', POSE: 'true', QUALITY: 'true', CROPS: 'true' };

/** The face as its document describes it, without what is absent. */
function described(face: Partial<Face>, env: NodeJS.ProcessEnv = ALL) {
  const [section] = describeFaces([aFace(face)], readPipelineOptions(env), KEYS);
  return JSON.parse(JSON.stringify(section));
}

describe('describeSource', () => {
  const event = anEvent({ etag: 'OLD', versionId: 'V1', size: 1 });

  test('a picture that was not fetched is described by its event', () => {
    expect(describeSource(event)).toEqual({
      bucket: 'photos',
      key: 'incoming/a.jpg',
      region: 'cn-hangzhou',
      requestId: event.requestId,
      eventTime: event.eventTime,
      etag: 'OLD',
      versionId: 'V1',
      size: 1,
    });
  });

  test('a fetched picture is described by what was fetched', () => {
    const head = {
      key: 'incoming/a.jpg',
      etag: 'NEW',
      versionId: 'V2',
      size: 2,
      contentType: 'image/jpeg',
      lastModified: 0,
      metadata: {},
    };

    const source = describeSource(event, { head, bytes: Buffer.alloc(2), sha256: 'ab' }, blankImage(64, 48));

    expect(source).toMatchObject({
      etag: 'NEW',
      versionId: 'V2',
      size: 2,
      sha256: 'ab',
      width: 64,
      height: 48,
    });
  });

  test('what OSS did not return for a fetched picture is described by its event', () => {
    const head = { key: 'k', etag: 'NEW', size: 0, contentType: 'image/jpeg', lastModified: 0, metadata: {} };

    const source = describeSource(event, { head, bytes: Buffer.alloc(0), sha256: 'ab' });

    expect(source).toMatchObject({ versionId: 'V1', size: 0 });
  });
});

describe('describeFaces', () => {
  test('points and angles have one digit after the point', () => {
    const at = (x: number) => ({ x: x + 0.04, y: x + 0.06 });

    const face = described({
      keypoints: { leftEye: at(1), rightEye: at(2), nose: at(3), mouthLeft: at(4), mouthRight: at(5) },
      landmarks: [at(6)],
      pose: { yaw: -1.26, pitch: 2.04, roll: 3.96 },
    });

    expect(face).toMatchObject({
      keypoints: {
        leftEye: { x: 1, y: 1.1 },
        rightEye: { x: 2, y: 2.1 },
        nose: { x: 3, y: 3.1 },
        mouthLeft: { x: 4, y: 4.1 },
        mouthRight: { x: 5, y: 5.1 },
      },
      landmarks: [{ x: 6, y: 6.1 }],
      pose: { yaw: -1.3, pitch: 2, roll: 4 },
    });
  });

  test('probabilities and quality are rounded', () => {
    const face = described({
      probability: 0.98765,
      quality: 0.12345,
      attributes: {
        gender: { value: 'male', probability: 0.87654 },
        expression: { value: 'sad', probability: 0.6789 },
      },
    });

    expect(face).toMatchObject({
      probability: 0.9877,
      quality: 0.123,
      attributes: {
        gender: { value: 'male', probability: 0.877 },
        expression: { value: 'sad', probability: 0.679 },
      },
    });
  });

  test('a box is rounded at its edges, so that it stays inside the picture', () => {
    const { box } = described({ box: { x: 0.4, y: 1.6, width: 9.4, height: 8.2 } });

    expect(box).toEqual({ x: 0, y: 2, width: 10, height: 8 });
  });

  test('all attributes of a face are described when all are wanted', () => {
    const { attributes } = described({
      attributes: { age: 30.26, expression: { value: 'happy' }, glasses: 'none', hat: false, mask: 'worn' },
    });

    expect(attributes).toEqual({
      age: 30.3,
      expression: { value: 'happy' },
      glasses: 'none',
      hat: false,
      mask: 'worn',
    });
  });

  test('what the engine did not return is absent', () => {
    expect(described({})).toEqual({
      box: { x: 4, y: 4, width: 8, height: 8 },
      probability: 0.99,
      attributes: {},
      crop: KEYS.crop(0),
    });
  });

  test('what is not wanted is absent', () => {
    const face = described(
      {
        landmarks: [{ x: 1, y: 1 }],
        pose: { yaw: 1, pitch: 1, roll: 1 },
        quality: 0.5,
        attributes: { age: 3, hat: true },
      },
      { LANDMARKS: 'false', POSE: 'false', QUALITY: 'false', CROPS: 'false', ATTRIBUTES: 'hat' },
    );

    expect(Object.keys(face)).toEqual(['box', 'probability', 'attributes']);
    expect(face.attributes).toEqual({ hat: true });
  });

  test('each face has its own match and crop', () => {
    const matches = [{ unknown: true }, { person: 'Anna', confidence: 0.6, level: 'high' }] as const;

    const faces = describeFaces([aFace(), aFace()], readPipelineOptions(ALL), KEYS, matches);

    expect(faces.map(({ match, crop }) => [match, crop])).toEqual([
      [matches[0], KEYS.crop(0)],
      [matches[1], KEYS.crop(1)],
    ]);
  });
});

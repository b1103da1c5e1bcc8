import * as z from 'zod/mini';

/** Raised when the meaning of a field changes or a field is removed. New optional fields do not raise it. */
const SCHEMA_VERSION = 1;

const pixels = z.number().check(z.minimum(0));
const unit = z.number().check(z.minimum(0), z.maximum(1));
const count = z.int().check(z.minimum(0));
const probability = unit.check(z.describe('0 to 1'));

const point = z.strictObject({ x: z.number(), y: z.number() });

const box = z
  .strictObject({ x: pixels, y: pixels, width: pixels, height: pixels })
  .check(z.describe('Pixels of the upright image; origin top left; clamped to the image'));

const attributes = z
  .strictObject({
    age: z.optional(z.number().check(z.minimum(0), z.describe('Years'))),
    gender: z.optional(
      z.strictObject({ value: z.enum(['female', 'male']), probability: z.optional(probability) }),
    ),
    expression: z.optional(
      z.strictObject({
        value: z.enum(['neutral', 'happy', 'sad', 'angry', 'fearful', 'disgusted', 'surprised']),
        probability: z.optional(probability),
      }),
    ),
    glasses: z.optional(z.enum(['none', 'glasses', 'sunglasses'])),
    hat: z.optional(z.boolean()),
    mask: z.optional(z.enum(['none', 'worn', 'incorrect'])),
  })
  .check(z.describe('Each is absent when the engine does not know it or configuration leaves it out'));

const face = z.strictObject({
  box,
  probability: probability.check(z.describe('How sure the detector is')),
  keypoints: z.optional(
    z.strictObject({ leftEye: point, rightEye: point, nose: point, mouthLeft: point, mouthRight: point }),
  ),
  landmarks: z.optional(z.array(point).check(z.describe("In the engine's own order"))),
  pose: z.optional(
    z.strictObject({ yaw: z.number(), pitch: z.number(), roll: z.number() }).check(z.describe('Degrees')),
  ),
  quality: z.optional(
    unit.check(z.describe('How well the face can be recognised; comparable within one engine')),
  ),
  attributes,
  match: z.optional(
    z
      .union([
        z.strictObject({
          person: z.string(),
          confidence: unit.check(z.describe('Similarity to the nearest face of the person')),
          level: z.enum(['match', 'high']),
        }),
        z.strictObject({
          unknown: z.literal(true),
          bestScore: z.optional(unit.check(z.describe('Similarity to the nearest person, who is not named'))),
        }),
      ])
      .check(z.describe('The recognised person; absent when the face was not compared')),
  ),
  crop: z.optional(z.string().check(z.describe('Key of the cropped face in the result bucket'))),
});

const source = z.strictObject({
  bucket: z.string(),
  key: z.string(),
  region: z.string(),
  requestId: z
    .string()
    .check(z.describe('OSS request id of the write; with bucket and key the identity of this document')),
  eventTime: z.string().check(z.describe('ISO 8601, UTC')),
  etag: z.optional(z.string()),
  versionId: z.optional(z.string()),
  sha256: z.optional(z.string().check(z.regex(/^[0-9a-f]{64}$/))),
  size: z.optional(count.check(z.describe('Bytes'))),
  format: z.optional(z.string()),
  width: z.optional(count.check(z.describe('Pixels, upright'))),
  height: z.optional(count.check(z.describe('Pixels, upright'))),
  partial: z.optional(
    z
      .literal(true)
      .check(z.describe('The file ends too early or is damaged: parts of the picture are missing')),
  ),
  preview: z.optional(
    z
      .literal(true)
      .check(z.describe('A raw photo: width, height and faces are those of the largest preview in the file')),
  ),
});

export const resultDocument = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  outcome: z.enum(['processed', 'invalid', 'failed']),
  source,
  engine: z.optional(z.strictObject({ name: z.string(), version: z.string() })),
  faces: z
    .array(face)
    .check(z.describe('From the largest to the smallest; empty when the picture shows no face')),
  artifacts: z
    .strictObject({ annotated: z.optional(z.string()), redacted: z.optional(z.string()) })
    .check(z.describe('Keys in the result bucket')),
  error: z.optional(
    z.strictObject({ code: z.string(), message: z.string() }).check(z.describe('Why there is no result')),
  ),
});

/** The content of `faces.json`. It depends only on the image, its event, the engine and the configuration. */
export type ResultDocument = z.infer<typeof resultDocument>;

/** The published JSON Schema; `shared/results/faces-1.schema.json` is this, written out. */
export function resultJsonSchema(): unknown {
  return {
    $id: 'urn:mnsoss-face:schema:faces:1',
    title: 'Faces found in one image',
    ...z.toJSONSchema(resultDocument, { target: 'draft-2020-12' }),
  };
}

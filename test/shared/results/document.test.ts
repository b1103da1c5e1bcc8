import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { type ResultDocument, resultDocument, resultJsonSchema } from '../../../shared/results/document.ts';

const schema = JSON.parse(
  await readFile(new URL('../../../shared/results/faces-1.schema.json', import.meta.url), 'utf8'),
);
const validate = new Ajv2020({ strict: true }).compile(schema);

function aDocument(changes: Partial<ResultDocument> = {}): unknown {
  return {
    schemaVersion: 1,
    outcome: 'processed',
    source: {
      bucket: 'photos',
      key: 'incoming/a.jpg',
      region: 'cn-hangzhou',
      requestId: '65A1B2C3D4E5F60718293A4B',
      eventTime: '2026-01-01T00:00:00.000Z',
    },
    faces: [{ box: { x: 1, y: 2, width: 3, height: 4 }, probability: 0.9, attributes: { age: 30 } }],
    artifacts: {},
    ...changes,
  };
}

describe('faces-1.schema.json', () => {
  test('the published schema is the one that the code generates', () => {
    expect(resultJsonSchema()).toEqual(schema);
  });

  test('the published schema accepts a result', () => {
    expect(validate(aDocument()), JSON.stringify(validate.errors)).toBe(true);
  });

  test.each([
    ['an unknown field', { embedding: [0.1] }],
    ['another schema version', { schemaVersion: 2 }],
    [
      'a box left of the picture',
      {
        faces: [{ box: { x: -1, y: 0, width: 3, height: 4 }, probability: 0.9, attributes: {} }],
      },
    ],
    [
      'a probability above one',
      {
        faces: [{ box: { x: 0, y: 0, width: 3, height: 4 }, probability: 1.1, attributes: {} }],
      },
    ],
    [
      'an embedding in a face',
      {
        faces: [{ box: { x: 0, y: 0, width: 3, height: 4 }, probability: 1, attributes: {}, embedding: [1] }],
      },
    ],
  ])('the published schema and the schema in code both reject %s', (_what, changes) => {
    const document = aDocument(changes as Partial<ResultDocument>);

    expect(validate(document)).toBe(false);
    expect(resultDocument.safeParse(document).success).toBe(false);
  });
});

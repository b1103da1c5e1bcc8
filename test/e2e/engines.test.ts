import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { cropFace } from '../../shared/images/crop.ts';
import { overlap } from '../../shared/images/geometry.ts';
import enrolmentSchema from '../../shared/pipeline/enrolment-1.schema.json' with { type: 'json' };
import type { ResultDocument } from '../../shared/results/document.ts';
import facesSchema from '../../shared/results/faces-1.schema.json' with { type: 'json' };
import { startApp, type TestApp } from '../support/app.ts';
import { knownFaces } from '../support/known-faces.ts';
import { SAMPLE_NUMBERS, SAMPLES, type Sample, sampleBytes } from '../support/photos.ts';

/** Who is enrolled, by which face. Anna is in the first photo and in the third. */
const PEOPLE = { Anna: 'anna', 'Berta 伯莎': 'berta' } as const;

const ajv = new Ajv2020({ strict: true });
const isResult = ajv.compile(facesSchema);
const isEnrolment = ajv.compile(enrolmentSchema);

type Faces = ResultDocument['faces'];
const seen = new Map<string, Map<Sample, Faces>>();
let known: Awaited<ReturnType<typeof knownFaces>>;

beforeAll(async () => {
  known = await knownFaces();
});

async function put(app: TestApp, key: string, bytes: Buffer) {
  const watch = app.outcomes.watch(key);
  onTestFinished(() => watch.close());
  const { requestId } = await app.bucket.put(key, bytes);
  return watch.of(requestId);
}

async function json(app: TestApp, key: string): Promise<unknown> {
  const { body } = await app.bucket.get(key);
  return JSON.parse(Buffer.concat(await body.toArray()).toString());
}

const personOf = ({ match }: Faces[number]) => (match && 'person' in match ? match.person : undefined);

describe.each([
  ['local', {}],
  ['facebody', {}],
  // FaceBody's scores are its own, whatever the local engine would take.
  ['facebody', { EMBEDDER: 'dlib' }],
])('from upload to results with ENGINE=%s and %o', (ENGINE, more) => {
  it('finds every face, and who was enrolled by upload', { timeout: 60_000 }, async () => {
    const app = await startApp({ ENGINE, FACEBODY_QPS: '1000', ...more });
    for (const [person, name] of Object.entries(PEOPLE)) {
      const { image, face } = known[name];
      const crop = await cropFace(image, face.box, { padding: 0.6, minSide: 64, maxSide: 1024, quality: 95 });
      const outcome = await put(app, `people/${person}/portrait.jpg`, crop);
      expect(outcome).toMatchObject({ outcome: 'enrolled', person });
      const record = await json(app, `results/people/${person}/portrait.jpg/enrolment.json`);
      expect(isEnrolment(record), JSON.stringify(isEnrolment.errors)).toBe(true);
    }

    const documents = new Map<Sample, Faces>();
    for (const sample of SAMPLE_NUMBERS) {
      const key = `incoming/sample${sample}.jpg`;
      expect(await put(app, key, sampleBytes(sample))).toMatchObject({ outcome: 'processed' });
      const document = await json(app, `results/${key}/faces.json`);
      expect(isResult(document), JSON.stringify(isResult.errors)).toBe(true);
      documents.set(sample, (document as ResultDocument).faces);
    }
    seen.set(ENGINE, documents);

    for (const [sample, faces] of documents) expect(faces).toHaveLength(SAMPLES[sample]);
    const people = [...documents].map(([sample, faces]) => [
      sample,
      faces.flatMap((face) => personOf(face) ?? []),
    ]);
    expect(people).toEqual([
      [1, ['Anna']],
      [2, []],
      [3, ['Anna']],
      [4, []],
      [5, []],
      [6, ['Berta 伯莎']],
    ]);
  });
});

it('both engines see the same faces at the same places, and know the same people', () => {
  const [local, served] = [seen.get('local')!, seen.get('facebody')!];

  expect(served.size).toBe(SAMPLE_NUMBERS.length);
  for (const [sample, faces] of local) {
    const others = served.get(sample)!;
    expect(others).toHaveLength(faces.length);
    for (const face of faces) {
      const same = others.filter(({ box }) => overlap(box, face.box) >= 0.9);
      expect(same).toHaveLength(1);
      expect(personOf(same[0]!)).toBe(personOf(face));
    }
  }
});

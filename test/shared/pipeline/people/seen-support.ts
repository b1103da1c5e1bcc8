import { expect } from 'vitest';
import { createOssFaceIndex } from '../../../../shared/faces/index/oss/face-index.ts';
import { createFactStore } from '../../../../shared/people/fact-store.ts';
import type { Statement } from '../../../../shared/people/facts.ts';
import type { Seen } from '../../../../shared/pipeline/compose/seen.ts';
import { type ApplyDeps, applyPeople } from '../../../../shared/pipeline/people/apply.ts';
import { createEnrolment } from '../../../../shared/pipeline/people/enrol.ts';
import { createRecognition } from '../../../../shared/pipeline/recognize.ts';
import { silentLogger } from '../../../../shared/runtime/log.ts';
import { type PeopleFixture, peopleFixture } from './support.ts';

const EMBEDDER = { name: 'colors', size: 4, thresholds: { match: 0.8, high: 0.85, plausible: 0.6 } };

/** People who were seen, in memory. Each picture shows one person, as its color says. */
export function seenFixture() {
  // Wide enough to be compared.
  const fixture = peopleFixture((face) => [{ ...face, box: { x: 0, y: 0, width: 64, height: 64 } }], 64);
  const { store, deps, clock, engine } = fixture;
  let ids = 0;
  const newId = () => String(ids++);
  const index = createOssFaceIndex({
    store,
    prefix: 'index/',
    embedder: EMBEDDER,
    clock,
    logger: silentLogger,
    newId,
    refreshMs: 0,
  });
  const facts = createFactStore({ store, prefix: 'facts/', clock, newId });
  const seen: Seen = { index, facts, embedder: EMBEDDER, gallery: deps.gallery, engine };
  const { options, openBucket } = deps;
  const applyDeps: ApplyDeps = {
    seen,
    openBucket,
    region: 'r',
    results: store,
    options,
    indexPrefix: 'index/',
  };
  const recognize = createRecognition({ ...deps, index });
  const enrol = createEnrolment(deps);
  return {
    ...fixture,
    seen,
    apply: () => applyPeople(applyDeps),
    async process(key: string, color: string) {
      expect(await recognize(await fixture.upload(key, color))).toMatchObject({ outcome: 'processed' });
    },
    async enrol(person: string, color: string) {
      const event = await fixture.upload(`people/${person}/photo.png`, color);
      expect(await enrol(event)).toMatchObject({ outcome: 'enrolled' });
    },
    /** The sighting in this picture. */
    async faceIn(key: string) {
      const [sighting] = await index.sightings({ bucket: 'photos', key });
      return sighting!.id;
    },
    forgetting: {
      gallery: deps.gallery,
      source: store,
      results: store,
      peoplePrefix: 'people/',
      resultPrefix: 'results/',
    },
    state: (...statements: Statement[]) => facts.state(statements),
    matchIn: (key: string) => matchIn(fixture, key),
    annotatedOf: async (key: string) => (await store.head(`results/${key}/annotated.jpg`))?.etag,
  };
}

async function matchIn(fixture: PeopleFixture, key: string) {
  const { faces } = (await fixture.json(`results/${key}/faces.json`)) as { faces: { match: object }[] };
  return faces[0]!.match;
}

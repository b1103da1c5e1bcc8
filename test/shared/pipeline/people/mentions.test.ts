import { beforeEach, describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../../../shared/oss/object-store.ts';
import {
  changeMentions,
  findMentions,
  type Mention,
  rewrite,
} from '../../../../shared/pipeline/people/mentions.ts';
import { manualClock } from '../../../../shared/runtime/clock.ts';
import { AppError } from '../../../../shared/runtime/errors.ts';
import { createMemoryStore } from '../../../support/memory-store.ts';
import { watchSignal } from './support.ts';

const SOURCE = { bucket: 'photos', key: 'a.jpg' };

let store: ObjectStore;

beforeEach(() => {
  store = createMemoryStore({ clock: manualClock() });
});

const putJson = (key: string, content: unknown) => store.put(key, Buffer.from(JSON.stringify(content)));

/** A document whose only face is this person's. */
const withFace = (person: string) => ({ source: SOURCE, faces: [{ match: { person } }] });

async function mentionsOf(person: string, results = store, signal?: AbortSignal): Promise<Mention[]> {
  const mentions: Mention[] = [];
  for await (const mention of findMentions(results, 'results/', person, signal)) mentions.push(mention);
  return mentions;
}

describe('findMentions', () => {
  test('a document mentions the people of its faces, of its record, and of its refusal', async () => {
    await putJson('results/1/faces.json', {
      source: SOURCE,
      faces: [
        { match: { person: 'Berta' } },
        { match: { person: 'Anna' } },
        {},
        { match: { person: 'Anna' } },
      ],
    });
    await putJson('results/2/enrolment.json', { source: SOURCE, person: 'Anna' });
    await putJson('results/3/enrolment.json', { source: SOURCE, refusal: { other: 'Anna' } });

    const found = await mentionsOf('Anna');

    expect(found.map(({ head, faces, enrolment }) => [head.key, faces, enrolment])).toEqual([
      ['results/1/faces.json', [1, 3], false],
      ['results/2/enrolment.json', [], true],
      ['results/3/enrolment.json', [], false],
    ]);
  });

  test.each([
    ['an object of another name', 'results/1/other.json', withFace('Anna')],
    ['an object outside the result prefix', 'other/1/faces.json', withFace('Anna')],
    ['another field with the name', 'results/1/faces.json', { source: SOURCE, note: 'Anna' }],
    ['a document without a source', 'results/1/faces.json', { faces: [{ match: { person: 'Anna' } }] }],
    ['a longer name', 'results/1/faces.json', withFace('Anna-Lena')],
  ])('%s is no mention', async (_what, key, content) => {
    await putJson(key, content);

    expect(await mentionsOf('Anna')).toEqual([]);
  });

  test('at most 16 documents are read ahead, and those that do not name the person are skipped', async () => {
    const keys = Array.from({ length: 40 }, (_, index) => `results/${10 + index}/faces.json`);
    for (const [index, key] of keys.entries()) await putJson(key, withFace(index % 20 ? 'Berta' : 'Anna'));
    let reading = 0;
    let most = 0;
    const slow: ObjectStore = {
      ...store,
      async get(...args) {
        most = Math.max(most, ++reading);
        await new Promise(setImmediate);
        reading--;
        return store.get(...args);
      },
    };

    const found = await mentionsOf('Anna', slow);

    expect(found.map(({ head }) => head.key)).toEqual([keys[0], keys[20]]);
    expect(most).toBe(16);
  });

  test('a document that was removed after the listing is skipped', async () => {
    await putJson('results/1/faces.json', withFace('Anna'));
    const get = () => Promise.reject(new AppError('NoSuchKey', 'planned'));

    expect(await mentionsOf('Anna', { ...store, get })).toEqual([]);
  });

  test('a document that cannot be read is an error', async () => {
    await putJson('results/1/faces.json', withFace('Anna'));
    const get = () => Promise.reject(new AppError('ServiceUnavailable', 'planned'));

    await expect(mentionsOf('Anna', { ...store, get })).rejects.toMatchObject({ code: 'ServiceUnavailable' });
  });

  test('documents are listed and read with the signal', async () => {
    await putJson('results/1/faces.json', withFace('Anna'));
    const { signal } = new AbortController();
    const missing: string[] = [];

    await mentionsOf('Anna', watchSignal(store, signal, missing), signal);

    expect(missing).toEqual([]);
  });
});

describe('changeMentions', () => {
  const deps = () => ({ results: store, resultPrefix: 'results/' });

  test('each mention is changed once when all changes succeed', async () => {
    await putJson('results/1/faces.json', withFace('Anna'));
    await putJson('results/2/faces.json', withFace('Anna'));
    const changed: string[] = [];

    await changeMentions(deps(), 'Anna', async ({ head }) => {
      changed.push(head.key);
      return true;
    });

    expect(changed).toEqual(['results/1/faces.json', 'results/2/faces.json']);
  });

  test('a document that changes in five passes is an error', async () => {
    await putJson('results/1/faces.json', withFace('Anna'));
    let passes = 0;

    const changing = changeMentions(deps(), 'Anna', async () => {
      passes++;
      return false;
    });

    await expect(changing).rejects.toMatchObject({
      code: 'ServiceUnavailable',
      message: expect.stringContaining('in 5 passes'),
    });
    expect(passes).toBe(5);
  });
});

describe('rewrite', () => {
  test('a document that was removed since it was read is not written', async () => {
    await putJson('results/1/faces.json', withFace('Anna'));
    const [mention] = await mentionsOf('Anna');
    await store.delete('results/1/faces.json');

    expect(await rewrite(store, mention!)).toBe(false);
    expect(await store.head('results/1/faces.json')).toBeUndefined();
  });

  test('a document is compared and written with the signal', async () => {
    await putJson('results/1/faces.json', withFace('Anna'));
    const [mention] = await mentionsOf('Anna');
    const { signal } = new AbortController();
    const missing: string[] = [];

    expect(await rewrite(watchSignal(store, signal, missing), mention!, signal)).toBe(true);

    expect(missing).toEqual([]);
  });
});

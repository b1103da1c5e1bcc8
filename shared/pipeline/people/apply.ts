import pLimit from 'p-limit';
import type { MatchLevel } from '../../faces/gallery/match.ts';
import { type Sighting, writeIdOf } from '../../faces/index/sighting.ts';
import type { ObjectStore, OpenBucket } from '../../oss/object-store.ts';
import { readText } from '../../oss/read-text.ts';
import { type Named, namesIn } from '../../people/names.ts';
import { groupThreshold, type People, peopleOf } from '../../people/people.ts';
import { type ResultDocument, resultDocument } from '../../results/document.ts';
import { resultKeys } from '../../results/keys.ts';
import { AppError } from '../../runtime/errors.ts';
import { parseJson } from '../../runtime/json.ts';
import type { Seen } from '../compose/seen.ts';
import type { PipelineOptions } from '../options.ts';
import { rewrite } from './mentions.ts';
import { redraw } from './redraw.ts';

export interface ApplyDeps {
  readonly seen: Seen;
  readonly openBucket: OpenBucket;
  readonly region: string;
  /** The bucket of results and index. */
  readonly results: ObjectStore;
  readonly options: PipelineOptions;
  readonly indexPrefix: string;
}

export interface ApplyOptions {
  /** Called after each picture whose names may have changed. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  readonly signal?: AbortSignal;
}

export interface ApplyReport {
  readonly people: People;
  /** Pictures whose names may have changed, and whose documents were therefore read. */
  readonly checked: number;
  /** Result documents that have other names now. */
  readonly changed: readonly string[];
}

/** The names of one picture as its document has them: by the number of the face, `null` for an unknown person. */
type Names = Record<string, string | null>;

const PARALLEL_PICTURES = 4;

/** Everybody, by what is known at this moment. */
export async function currentPeople({ index, facts, gallery, embedder }: Seen): Promise<People> {
  const enrolled = [];
  for await (const face of gallery.embeddings?.() ?? []) enrolled.push(face);
  const rules = { size: embedder.size, threshold: groupThreshold(embedder.thresholds) };
  return peopleOf({ sightings: index.all(), enrolled, facts: await facts.read() }, rules);
}

/**
 * Writes the names of people to the results. Only documents are read whose names have changed since the last call, or whose
 * pictures were processed since. It can be interrupted at any point: the next call does the rest.
 */
export async function applyPeople(deps: ApplyDeps, options: ApplyOptions = {}): Promise<ApplyReport> {
  const { seen, results, indexPrefix } = deps;
  const { onProgress, signal } = options;
  const people = await currentPeople(seen);
  const ledgerKey = `${indexPrefix}names.json`;
  const written = await readLedger(results, ledgerKey, signal);
  const ledger: Record<string, Names> = {};
  const due: Picture[] = [];
  for (const picture of picturesOf(people)) {
    const names = namesIn(people, picture.sightings, seen.embedder.thresholds);
    const wanted = Object.fromEntries(
      picture.sightings.map(({ number }) => [number, names.get(number)?.person ?? null]),
    );
    if (JSON.stringify(written[picture.id]) === JSON.stringify(wanted)) ledger[picture.id] = wanted;
    else due.push({ ...picture, names, wanted });
  }

  const changed: string[] = [];
  let done = 0;
  await pLimit(PARALLEL_PICTURES).map(due, async (picture) => {
    signal?.throwIfAborted();
    const outcome = await applyTo(picture, deps, signal);
    // Without a document the picture is still being processed: the next call looks again.
    if (outcome !== 'absent') ledger[picture.id] = picture.wanted;
    if (outcome === 'changed') changed.push(documentKey(picture, deps));
    onProgress?.({ done: ++done, total: due.length });
  });
  if (due.length > 0 || Object.keys(written).length !== Object.keys(ledger).length) {
    await results.put(ledgerKey, Buffer.from(JSON.stringify(ledger)), {
      contentType: 'application/json',
      signal,
    });
  }
  return { people, checked: due.length, changed: changed.sort() };
}

interface SeenPicture {
  /** Of the write, and of the last look at it. */
  readonly id: string;
  readonly sightings: readonly Sighting[];
}

interface Picture extends SeenPicture {
  readonly names: ReadonlyMap<number, Named>;
  readonly wanted: Names;
}

/** The sightings of each picture, in the order of their numbers. */
export function picturesOf(people: People): SeenPicture[] {
  const pictures = new Map<string, Sighting[]>();
  for (const { members } of people.groups()) {
    for (const { sighting } of members) {
      const id = `${writeIdOf(sighting.id)} ${sighting.look}`;
      const own = pictures.get(id) ?? [];
      own.push(sighting);
      pictures.set(id, own);
    }
  }
  return [...pictures].map(([id, sightings]) => ({
    id,
    sightings: sightings.sort((a, b) => a.number - b.number),
  }));
}

function documentKey({ sightings }: SeenPicture, { options }: ApplyDeps): string {
  return resultKeys(options.resultPrefix, sightings[0]!).document;
}

async function applyTo(
  picture: Picture,
  deps: ApplyDeps,
  signal: AbortSignal | undefined,
): Promise<'changed' | 'unchanged' | 'absent'> {
  const { results, seen } = deps;
  const { high } = seen.embedder.thresholds;
  for (let attempt = 0; attempt < 5; attempt++) {
    const read = await readText(results, documentKey(picture, deps), signal);
    const content = read && parseDocument(read.text);
    // Another write of the picture has sightings of its own.
    if (!content || content.source.requestId !== picture.sightings[0]!.requestId) return 'absent';
    const faces = content.faces.map((face, number) => {
      if (!(number in picture.wanted)) return face;
      const name = picture.names.get(number);
      const before = face.match && 'person' in face.match ? face.match.person : undefined;
      return before === name?.person ? face : { ...face, match: matchOf(name, high) };
    });
    if (faces.every((face, i) => face === content.faces[i])) return 'unchanged';
    const renamed = await redraw({ ...content, faces }, { ...deps, pictures: deps.seen.engine }, signal);
    if (await rewrite(results, { head: read.head, content: renamed }, signal)) return 'changed';
  }
  throw new AppError('ServiceUnavailable', `${documentKey(picture, deps)} changed in each of 5 attempts`);
}

function matchOf(name: Named | undefined, high: number): ResultDocument['faces'][number]['match'] {
  if (!name) return { unknown: true };
  const confidence = Number(Math.max(0, name.similarity).toFixed(3));
  const level: MatchLevel = name.similarity >= high ? 'high' : 'match';
  return { person: name.person, confidence, level };
}

/** `undefined` when the text is no document of this version. */
function parseDocument(text: string): ResultDocument | undefined {
  const content = parseJson(text);
  return resultDocument.safeParse(content).success ? (content as ResultDocument) : undefined;
}

async function readLedger(
  results: ObjectStore,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Record<string, Names>> {
  const read = await readText(results, key, signal);
  if (!read) return {};
  const ledger = parseJson(read.text);
  // A damaged ledger costs one reading of every document.
  return typeof ledger === 'object' && ledger !== null ? (ledger as Record<string, Names>) : {};
}

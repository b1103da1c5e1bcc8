import { canonicalName } from '../../faces/gallery/person-name.ts';
import { type SightedFace, type Sighting, writeIdOf } from '../../faces/index/sighting.ts';
import { namesIn } from '../../people/names.ts';
import type { Seen } from '../compose/seen.ts';
import { currentPeople, picturesOf } from './apply.ts';

export interface ForgetSeenReport {
  /** Ids of the faces that are no longer kept. */
  readonly sightings: readonly string[];
  /** Ids of the facts that named the person. */
  readonly facts: readonly string[];
}

/**
 * Removes a person from the index of faces and from the facts. It can be interrupted at any point: the next run does the
 * rest. Call it before the person's photos are removed, because these say who the person is.
 */
export async function forgetSeen(
  name: string,
  { seen, signal }: { seen: Seen; signal?: AbortSignal },
): Promise<ForgetSeenReport> {
  const person = canonicalName(name);
  const { index, facts, embedder } = seen;
  const people = await currentPeople(seen);
  const forgotten = new Set<string>();
  for (const { sightings } of picturesOf(people)) {
    const names = namesIn(people, sightings, embedder.thresholds);
    for (const { id, number } of sightings) if (names.get(number)?.person === person) forgotten.add(id);
  }

  const pictures = new Set([...forgotten].map(writeIdOf));
  const kept = new Map<string, { write: Sighting; faces: SightedFace[] }>();
  for await (const face of index.all({ signal })) {
    const picture = writeIdOf(face.id);
    if (!pictures.has(picture)) continue;
    const own = kept.get(picture) ?? { write: face, faces: [] };
    kept.set(picture, own);
    if (!forgotten.has(face.id)) own.faces.push(face);
  }
  for (const { write, faces } of kept.values()) await index.put(write, faces, { signal });
  await index.erase({ signal });

  const named = people.facts.flatMap((fact) => ('person' in fact && fact.person === person ? [fact.id] : []));
  await facts.remove(named, signal);
  return { sightings: [...forgotten].sort(), facts: named };
}

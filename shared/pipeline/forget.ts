import type { Gallery } from '../faces/gallery/gallery.ts';
import { assertPersonName } from '../faces/gallery/person-name.ts';
import type { ObjectStore } from '../oss/object-store.ts';
import { changeMentions, type Mention, rewrite } from './people-mentions.ts';

export interface ForgetParts {
  readonly gallery: Gallery;
  /** Where the photos of people are. */
  readonly source: ObjectStore;
  readonly results: ObjectStore;
  readonly peoplePrefix: string;
  readonly resultPrefix: string;
  readonly signal?: AbortSignal;
}

/** What was removed: keys of objects, ids of faces. All lists are empty when there was nothing. */
export interface ForgetReport {
  readonly person: string;
  /** Ids of the faces that left the gallery. */
  readonly faces: readonly string[];
  /** Photos that enrolled the person, and what lay beside their results. */
  readonly photos: readonly string[];
  readonly records: readonly string[];
  /** Matches that became `unknown`, as `<document>#<face>`. */
  readonly matches: readonly string[];
  /** Crops of the person's faces. */
  readonly crops: readonly string[];
  /** Annotated pictures, which show the name. */
  readonly annotated: readonly string[];
  /** Records of other people's photos that named the person as the one they resemble. */
  readonly mentions: readonly string[];
}

/**
 * Removes a person everywhere: first from the gallery, so that nobody is matched any more, then the photos and their
 * records, then every trace in results, a document after the pictures it names. It can break off anywhere: the next
 * run does the rest. An instance whose view of the gallery is some seconds old may still match one picture
 * meanwhile; run it again after that, and when every list is empty there is nothing left.
 */
export async function forgetPerson(person: string, parts: ForgetParts): Promise<ForgetReport> {
  assertPersonName(person);
  const { gallery, source, results, peoplePrefix, signal } = parts;
  const call = { signal };
  const report = {
    person,
    faces: await gallery.removePerson(person, call),
    photos: await removeAll(source, `${peoplePrefix}${person}/`, signal),
    records: await removeAll(results, resultsOfPhotos(parts, person), signal),
    matches: [] as string[],
    crops: [] as string[],
    annotated: [] as string[],
    mentions: [] as string[],
  };

  await changeMentions(parts, person, (mention) => forgetMention(mention, parts, report));
  return report;
}

type Lists = Record<'records' | 'matches' | 'crops' | 'annotated' | 'mentions', string[]>;

/** `false` when the document was replaced while it was worked on. */
async function forgetMention(
  mention: Mention,
  { results, signal }: ForgetParts,
  report: Lists,
): Promise<boolean> {
  const { head, content, faces, enrolment } = mention;
  const remove = async (key: string, list: string[]) => {
    await results.delete(key, { signal });
    list.push(key);
  };
  if (enrolment) {
    await remove(head.key, report.records);
    return true;
  }
  if (content.refusal?.other !== undefined) delete content.refusal.other;
  const annotated = content.artifacts?.annotated;
  if (faces.length > 0 && annotated !== undefined) {
    await remove(annotated, report.annotated);
    delete content.artifacts!.annotated;
  }
  for (const index of faces) {
    const face = content.faces![index]!;
    if (face.crop !== undefined) await remove(face.crop, report.crops);
    delete face.crop;
    face.match = { unknown: true };
  }
  if (!(await rewrite(results, mention, signal))) return false;
  report.matches.push(...faces.map((index) => `${head.key}#${index}`));
  if (faces.length === 0) report.mentions.push(head.key);
  return true;
}

/** Where everything lies that was made of the person's photos. */
function resultsOfPhotos({ resultPrefix, source, peoplePrefix }: ForgetParts, person: string): string {
  return `${resultPrefix.replaceAll('{bucket}', source.bucket)}${peoplePrefix}${person}/`;
}

async function removeAll(store: ObjectStore, prefix: string, signal?: AbortSignal): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list({ prefix, signal })) keys.push(key);
  for (const key of keys) await store.delete(key, { signal });
  return keys;
}

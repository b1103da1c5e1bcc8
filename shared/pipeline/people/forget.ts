import type { Gallery } from '../../faces/gallery/gallery.ts';
import { assertPersonName, canonicalName } from '../../faces/gallery/person-name.ts';
import type { ObjectStore } from '../../oss/object-store.ts';
import { resultFolder } from '../../results/keys.ts';
import { changeMentions, type Mention, rewrite } from './mentions.ts';
import { personOf } from './photos.ts';
import { removeBelow } from './remove-below.ts';

export interface ForgetDeps {
  readonly gallery: Gallery;
  /** The bucket with the photos of people. */
  readonly source: ObjectStore;
  readonly results: ObjectStore;
  readonly peoplePrefix: string;
  readonly resultPrefix: string;
  readonly signal?: AbortSignal;
}

/** What was removed: keys of objects and ids of faces. All lists are empty when nothing was found. */
export interface ForgetReport {
  readonly person: string;
  /** Ids of the faces that left the gallery. */
  readonly faces: readonly string[];
  /** Photos that enrolled the person. */
  readonly photos: readonly string[];
  /** Enrolment records of these photos, and other objects beside them. */
  readonly records: readonly string[];
  /** Matches that became `unknown`, as `<document>#<face>`. */
  readonly matches: readonly string[];
  /** Crops of the person's faces. */
  readonly crops: readonly string[];
  /** Annotated pictures that show the name. */
  readonly annotated: readonly string[];
  /** Records of other people's photos that named the person as the one they resemble. */
  readonly mentions: readonly string[];
}

/**
 * Removes a person everywhere: first from the gallery, so that no new match appears, then the photos and their records,
 * then every mention in results, each document after the pictures it names. It can be interrupted at any point: the
 * next run does the rest. An instance whose copy of the gallery is some seconds old may still match one picture in the
 * meantime. Run it again until every list is empty; then nothing is left.
 */
export async function forgetPerson(name: string, deps: ForgetDeps): Promise<ForgetReport> {
  const person = canonicalName(name);
  assertPersonName(person);
  const { gallery, source, results, peoplePrefix, resultPrefix, signal } = deps;
  const call = { signal };
  const recorded = resultFolder(resultPrefix, source.bucket);
  const report = {
    person,
    faces: await gallery.removePerson(person, call),
    // The person may have several folders, whose names look alike.
    photos: await removeBelow(source, peoplePrefix, {
      signal,
      isMeant: (key) => personOf(key, peoplePrefix) === person,
    }),
    records: await removeBelow(results, `${recorded}${peoplePrefix}`, {
      signal,
      isMeant: (key) => personOf(key.slice(recorded.length), peoplePrefix) === person,
    }),
    matches: [] as string[],
    crops: [] as string[],
    annotated: [] as string[],
    mentions: [] as string[],
  };

  await changeMentions(deps, person, (mention) => forgetMention(mention, deps, report));
  return report;
}

type Lists = Record<'records' | 'matches' | 'crops' | 'annotated' | 'mentions', string[]>;

/** `false` when the document was replaced in the meantime. */
async function forgetMention(
  mention: Mention,
  { results, signal }: ForgetDeps,
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

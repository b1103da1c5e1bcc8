import { assertPersonName, canonicalName } from '../../faces/gallery/person-name.ts';
import type { ObjectStore } from '../../oss/object-store.ts';
import { AppError, isAppError } from '../../runtime/errors.ts';
import { createEnrolment, type EnrolmentDeps } from './enrol.ts';
import { changeMentions, rewrite } from './mentions.ts';
import { listPhotos, type Photo, personOf, photoEvent } from './photos.ts';
import { enrolmentKeys } from './record.ts';
import { removeBelow } from './remove-below.ts';

export interface RenameOptions {
  readonly bucket: string;
  readonly region: string;
  readonly signal?: AbortSignal;
}

export interface RenameReport {
  /** Photos that moved, by their new keys. */
  readonly photos: readonly string[];
  /** Moved photos that enrol nobody any longer, with the reason. */
  readonly refused: readonly { readonly key: string; readonly reason: string }[];
  /** Result documents and records in which the name was changed. */
  readonly documents: readonly string[];
}

/**
 * Renames a person; if another person already has the new name, the two become one. Moves the photos and enrols their faces
 * again, because the photos and not the gallery say who a person is. The caller knows the person, so the faces are not
 * compared. It can be interrupted at any point: the next run does the rest. Annotated pictures keep the old name until
 * their images are processed again.
 */
export async function renamePerson(
  oldName: string,
  newName: string,
  deps: EnrolmentDeps,
  { bucket, region, signal }: RenameOptions,
): Promise<RenameReport> {
  const [from, to] = [canonicalName(oldName), canonicalName(newName)];
  assertPersonName(from);
  assertPersonName(to);
  if (from === to) throw new AppError('PersonNameInvalid', `${JSON.stringify(from)} is already the name`);
  const { openBucket, gallery, options, clock } = deps;
  const { peoplePrefix, resultPrefix } = options;
  const source = openBucket(bucket, region);
  const results = openBucket(options.resultBucket ?? bucket, region);
  const enrol = createEnrolment({ ...deps, trusted: true });
  const call = { signal };
  const report = {
    photos: [] as string[],
    refused: [] as { key: string; reason: string }[],
    documents: [] as string[],
  };

  await gallery.removePerson(from, call);
  for (const photo of await listPhotos(source, peoplePrefix, signal)) {
    if (personOf(photo.key, peoplePrefix) !== from) continue;
    const file = photo.key.slice(photo.key.indexOf('/', peoplePrefix.length) + 1);
    const moved = await copyPhoto(source, photo, [
      `${peoplePrefix}${to}/${file}`,
      // Both people have a file of this name.
      `${peoplePrefix}${to}/${from}/${file}`,
    ]);
    const event = photoEvent(bucket, region, { ...moved, lastModified: clock.now() });
    const outcome = await enrol(event, { again: true, signal });
    if ('reason' in outcome) report.refused.push({ key: moved.key, reason: outcome.reason });
    await source.delete(photo.key, call);
    await removeBelow(results, enrolmentKeys(resultPrefix, { bucket, key: photo.key }).folder, call);
    report.photos.push(moved.key);
  }

  await changeMentions({ results, resultPrefix, ...call }, from, async (mention) => {
    const { content, faces, head } = mention;
    for (const index of faces) content.faces![index]!.match!.person = to;
    if (content.refusal?.other !== undefined && canonicalName(content.refusal.other) === from)
      content.refusal.other = to;
    const written = await rewrite(results, mention, signal);
    if (written) report.documents.push(head.key);
    return written;
  });
  return report;
}

/** Copies to the first key that is free, or that holds this photo already from an interrupted run. */
async function copyPhoto(store: ObjectStore, photo: Photo, keys: readonly string[]): Promise<Photo> {
  for (const key of keys) {
    const { head, body } = await store.get(photo.key);
    const { contentType, metadata } = head;
    try {
      const put = await store.put(key, Buffer.concat(await body.toArray()), {
        contentType,
        metadata,
        forbidOverwrite: true,
      });
      return { ...photo, key, etag: put.etag, requestId: put.requestId };
    } catch (error) {
      if (!isAppError(error, 'ObjectAlreadyExists')) throw error;
      const there = await store.head(key);
      if (there?.etag === head.etag && there.size === head.size) return { ...photo, key, etag: there.etag };
    }
  }
  throw new AppError('ObjectAlreadyExists', `${photo.key}: there are other photos at ${keys.join(' and ')}`, {
    details: { key: photo.key },
  });
}

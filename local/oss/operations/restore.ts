import { childText, type XmlElement } from '../../../shared/runtime/xml.ts';
import type { OssContext } from '../context.ts';
import { invalidArgument, OssRefusal } from '../errors.ts';
import { malformedXml, type OssRequest, parseDocument, readText } from '../http/request.ts';
import { newRequestId } from '../ids.ts';
import type { BucketStore } from '../store/bucket.ts';
import type { ObjectVersion, StorageClass } from '../store/records.ts';
import type { Operation } from './operation.ts';
import { requestedVersion, versionHeader } from './target.ts';
import { versionChange } from './write-object.ts';

const DAY_MS = 86_400_000;

/** doc: the longest time that restoring takes, by class and tier. */
const DURATIONS_MS: Partial<Record<StorageClass, Readonly<Record<string, number>>>> = {
  Archive: { Standard: 60_000 },
  ColdArchive: { Expedited: 3_600_000, Standard: 18_000_000, Bulk: 43_200_000 },
  DeepColdArchive: { Expedited: 43_200_000, Standard: 172_800_000 },
};

/** Whether an archived object can be read; `online` for classes that are not archived. */
export function restoreState(
  { storageClass, restore }: ObjectVersion,
  now: number,
): 'online' | 'archived' | 'ongoing' | 'restored' {
  if (!DURATIONS_MS[storageClass]) return 'online';
  if (!restore || now >= restore.expiresAt) return 'archived';
  return now < restore.readyAt ? 'ongoing' : 'restored';
}

/** The text of `x-oss-restore` and `RestoreInfo`. */
export function restoreInfo(version: ObjectVersion, now: number): string | undefined {
  const state = restoreState(version, now);
  if (state === 'ongoing') return 'ongoing-request="true"';
  if (state !== 'restored') return undefined;
  return `ongoing-request="false", expiry-date="${new Date(version.restore!.expiresAt).toUTCString()}"`;
}

export const restoreObject: Operation = async (request, bucket, oss) => {
  const text = await readText(request);
  const document = text === '' ? undefined : parseDocument(text, 'RestoreRequest');
  let restored = () => {};
  const reply = await bucket.edit(request.key, (record) => {
    const version = requestedVersion(request, record);
    const now = oss.clock.now();
    const state = restoreState(version, now);
    if (state === 'online') throw new OssRefusal('OperationNotSupported');
    // sdk: an invalid document is reported first, then a restore in progress.
    const { days, tier } = readOrder(document, version.storageClass);
    if (state === 'ongoing') throw new OssRefusal('RestoreAlreadyInProgress');
    const readyAt =
      state === 'restored' ? version.restore!.readyAt : now + DURATIONS_MS[version.storageClass]![tier]!;
    if (state !== 'restored' && version.storageClass !== 'Archive') {
      // doc: only for cold archives. guess: a restart of this server in the meantime loses the event.
      restored = () => oss.later(readyAt - now, () => announce(request, bucket, version, oss));
    }
    const next = { ...version, restore: { readyAt, expiresAt: Math.max(now, readyAt) + days * DAY_MS } };
    return {
      versions: record!.versions.map((other) => (other === version ? next : other)),
      result: {
        status: state === 'restored' ? 200 : 202,
        headers: {
          ...versionHeader(bucket, version),
          'x-oss-object-restore-priority': version.storageClass === 'Archive' ? undefined : tier,
        },
      },
    };
  });
  restored();
  return reply;
};

/** Ends the time in which a restored object can be read. */
export const cleanRestoredObject: Operation = async (request, bucket, oss) => {
  return bucket.edit(request.key, (record) => {
    const version = requestedVersion(request, record);
    const state = restoreState(version, oss.clock.now());
    if (state === 'online') throw new OssRefusal('OperationNotSupported');
    if (state !== 'restored') throw new OssRefusal('ArchiveRestoreNotFinished');
    const { restore: _, ...archived } = version;
    return {
      versions: record!.versions.map((other) => (other === version ? archived : other)),
      result: { status: 200, headers: versionHeader(bucket, version) },
    };
  });
};

/** The object can be read again, unless another version took its place. */
function announce(request: OssRequest, bucket: BucketStore, version: ObjectVersion, oss: OssContext): void {
  const current = bucket.find(request.key)?.versions[0];
  if (current?.id !== version.id || current.etag !== version.etag) return;
  const change = versionChange(request, bucket, 'ObjectRestore:FinishRestore', current);
  void oss.events.emit({ ...change, time: oss.clock.now(), requestId: newRequestId(oss.random) });
}

function readOrder(
  document: XmlElement | undefined,
  storageClass: StorageClass,
): { days: number; tier: string } {
  const parameters = document?.children.find(({ name }) => name === 'JobParameters');
  if (parameters && storageClass === 'Archive') throw malformedXml('JobParameters is for cold archives only');
  const days = Number((document && childText(document, 'Days')) ?? 1);
  if (!Number.isInteger(days) || days < 1 || days > 365) throw malformedXml('Days must be 1 to 365');
  const tier = (parameters && childText(parameters, 'Tier')) ?? 'Standard';
  if (DURATIONS_MS[storageClass]![tier] === undefined) throw invalidArgument('Tier', tier);
  return { days, tier };
}

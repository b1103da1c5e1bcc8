import { xmlReply } from '../http/reply.ts';
import { numberParameter } from '../http/request.ts';
import { compareKeys } from '../store/key-order.ts';
import type { UploadRecord } from '../store/records.ts';
import { isoSeconds, readListing } from './list-objects.ts';
import type { Operation } from './operation.ts';

/** Multipart uploads in progress, sorted by key and upload id. */
export const listMultipartUploads: Operation = async (request, bucket) => {
  const { prefix, delimiter, encode, encodingType } = readListing(request);
  const maxUploads = numberParameter(request, 'max-uploads', { min: 1, max: 1000, fallback: 1000 });
  const keyMarker = request.query.get('key-marker') ?? '';
  // doc: ignored without a key marker.
  const idMarker = keyMarker === '' ? '' : (request.query.get('upload-id-marker') ?? '');
  const rest = [...bucket.uploads.all()]
    .map(({ record }) => record)
    .filter(({ key, id }) => key.startsWith(prefix) && isAfter(key, id, keyMarker, idMarker))
    .sort((left, right) => compareKeys(left.key, right.key) || compareKeys(left.id, right.id));

  const uploads: UploadRecord[] = [];
  const prefixes: string[] = [];
  let last: { key: string; id: string } | undefined;
  let truncated = false;
  for (const { key, id, ...upload } of rest) {
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = cut < 0 ? undefined : key.slice(0, cut + delimiter.length);
    if (common !== undefined && (prefixes.at(-1) === common || keyMarker.startsWith(common))) continue;
    if (uploads.length + prefixes.length === maxUploads) {
      truncated = true;
      break;
    }
    if (common === undefined) uploads.push({ key, id, ...upload });
    else prefixes.push(common);
    last = { key: common ?? key, id: common === undefined ? id : '' };
  }
  return xmlReply('ListMultipartUploadsResult', {
    Bucket: request.bucket,
    EncodingType: encodingType,
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker,
    NextKeyMarker: truncated ? encode(last!.key) : '',
    NextUploadIdMarker: truncated ? last!.id : '',
    Delimiter: encode(delimiter),
    Prefix: encode(prefix),
    MaxUploads: maxUploads,
    IsTruncated: truncated,
    Upload: uploads.map(({ key, id, initiated, template }) => ({
      Key: encode(key),
      UploadId: id,
      StorageClass: template.storageClass,
      Initiated: isoSeconds(initiated),
    })),
    CommonPrefixes: prefixes.map((common) => ({ Prefix: encode(common) })),
  });
};

function isAfter(key: string, id: string, keyMarker: string, idMarker: string): boolean {
  if (keyMarker === '') return true;
  const order = compareKeys(key, keyMarker);
  return order > 0 || (order === 0 && idMarker !== '' && compareKeys(id, idMarker) > 0);
}

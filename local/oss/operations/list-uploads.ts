import { xmlReply } from '../http/reply.ts';
import { numberParameter } from '../http/request.ts';
import { compareKeys } from '../store/key-order.ts';
import type { UploadRecord } from '../store/records.ts';
import { isoSeconds, keyParameter, readListing } from './list-objects.ts';
import type { Operation } from './operation.ts';
import { takePage } from './page.ts';

/** Multipart uploads in progress, sorted by key and upload id. */
export const listMultipartUploads: Operation = async (request, bucket) => {
  const { prefix, delimiter, encode, encodingType } = readListing(request);
  const maxUploads = numberParameter(request, 'max-uploads', { min: 1, max: 1000, fallback: 1000 });
  const keyMarker = keyParameter(request, 'key-marker');
  // doc: ignored without a key marker.
  const idMarker = keyMarker === '' ? '' : (request.query.get('upload-id-marker') ?? '');
  const rest = [...bucket.uploads.all()]
    .filter(({ key, id }) => key.startsWith(prefix) && isAfter(key, id, keyMarker, idMarker))
    .sort((left, right) => compareKeys(left.key, right.key) || compareKeys(left.id, right.id));

  const { page, truncated } = takePage(grouped(rest, prefix, delimiter, keyMarker), maxUploads);
  const uploads = page.filter((item) => typeof item !== 'string');
  const prefixes = page.filter((item) => typeof item === 'string');
  const last = truncated ? page.at(-1)! : '';
  return xmlReply('ListMultipartUploadsResult', {
    Bucket: request.bucket,
    EncodingType: encodingType,
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker,
    NextKeyMarker: encode(typeof last === 'string' ? last : last.key),
    NextUploadIdMarker: typeof last === 'string' ? '' : last.id,
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

/** Uploads, and common prefixes as strings. An earlier page has the common prefix of the marker. */
function* grouped(
  uploads: readonly UploadRecord[],
  prefix: string,
  delimiter: string,
  keyMarker: string,
): Generator<UploadRecord | string> {
  let yielded: string | undefined;
  for (const upload of uploads) {
    const cut = delimiter === '' ? -1 : upload.key.indexOf(delimiter, prefix.length);
    const common = cut < 0 ? undefined : upload.key.slice(0, cut + delimiter.length);
    if (common !== undefined && (common === yielded || keyMarker.startsWith(common))) continue;
    yielded = common;
    yield common ?? upload;
  }
}

function isAfter(key: string, id: string, keyMarker: string, idMarker: string): boolean {
  if (keyMarker === '') return true;
  const order = compareKeys(key, keyMarker);
  return order > 0 || (order === 0 && idMarker !== '' && compareKeys(id, idMarker) > 0);
}

import { AppError } from '../runtime/errors.ts';
import { readBody } from '../runtime/http.ts';
import { childrenOf, childText, parseXml, type XmlElement } from '../runtime/xml.ts';
import type { ListOptions, ObjectEntry } from './object-store.ts';
import type { OssRequests } from './requests.ts';
import type { QueryPair } from './signature-v4.ts';

export interface ListRequest extends ListOptions {
  readonly region: string;
  readonly bucket: string;
  /** Keys per page, 1 to 1,000. */
  readonly pageSize: number;
}

/** ListObjectsV2, page by page. Keys are percent-encoded, because XML cannot hold all of them. */
export async function* listObjects(
  requests: OssRequests,
  { region, bucket, pageSize, prefix = '', after = '', signal }: ListRequest,
): AsyncGenerator<ObjectEntry> {
  let token: string | undefined = '';
  while (token !== undefined) {
    const query: QueryPair[] = [
      ['list-type', '2'],
      ['encoding-type', 'url'],
      ['max-keys', String(pageSize)],
    ];
    if (prefix) query.push(['prefix', prefix]);
    if (after) query.push(['start-after', after]);
    if (token) query.push(['continuation-token', token]);
    const response = await requests.send({ method: 'GET', region, bucket, query, signal });
    const page = parseXml((await readBody(response)).toString('utf8'));
    if (page.name !== 'ListBucketResult') throw unexpected(bucket, `a <${page.name}>`);
    yield* childrenOf(page, 'Contents').map((contents) => toEntry(contents, bucket));
    const truncated = childText(page, 'IsTruncated') === 'true';
    token = truncated ? required(page, 'NextContinuationToken', bucket) : undefined;
  }
}

function toEntry(contents: XmlElement, bucket: string): ObjectEntry {
  return {
    key: decodeURIComponent(required(contents, 'Key', bucket)),
    size: Number(required(contents, 'Size', bucket)),
    etag: required(contents, 'ETag', bucket).replaceAll('"', '').toUpperCase(),
    lastModified: Date.parse(required(contents, 'LastModified', bucket)),
  };
}

function required(element: XmlElement, name: string, bucket: string): string {
  const text = childText(element, name);
  if (text === undefined || text === '') throw unexpected(bucket, `a <${element.name}> without <${name}>`);
  return text;
}

function unexpected(bucket: string, what: string): AppError {
  return new AppError('ServiceUnavailable', `list of ${bucket}: the answer is ${what}`, {
    details: { bucket },
  });
}

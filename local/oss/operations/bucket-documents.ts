import { childText, writeXml, type XmlElement } from '../../../shared/runtime/xml.ts';
import { parsePolicy } from '../auth/bucket-policy.ts';
import { invalidArgument, type OssErrorCode, OssRefusal } from '../errors.ts';
import { malformedXml, type OssRequest, parseDocument, readText } from '../http/request.ts';
import type { BucketStore } from '../store/bucket.ts';
import type { Tag } from '../store/records.ts';
import { checkLifecycle } from './check-lifecycle.ts';
import { parseCorsRules } from './cors.ts';
import { readEncryptionRule } from './encryption.ts';
import { normalizeDocument } from './normalize-document.ts';
import { readTagging } from './object-attributes.ts';
import type { Operation } from './operation.ts';
import { checkTagSizes } from './template.ts';

/** A configuration that is stored, and returned in the form of the service. */
interface DocumentKind {
  /** The root element; absent for JSON. */
  readonly root?: string;
  /** The answer to GET without a configuration: an error, or the document of a new bucket. */
  readonly absent: OssErrorCode | { readonly document: string };
  readonly check?: (text: string) => void;
  readonly checkElement?: (document: XmlElement) => void;
}

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

const KINDS = {
  cors: { root: 'CORSConfiguration', absent: 'NoSuchCORSConfiguration', check: parseCorsRules },
  encryption: {
    root: 'ServerSideEncryptionRule',
    absent: 'NoSuchServerSideEncryptionRule',
    check: readEncryptionRule,
  },
  lifecycle: {
    root: 'LifecycleConfiguration',
    absent: 'NoSuchLifecycle',
    checkElement: checkLifecycle,
  },
  logging: { root: 'BucketLoggingStatus', absent: { document: `${DECLARATION}<BucketLoggingStatus/>` } },
  policy: { absent: 'NoSuchBucketPolicy', check: parsePolicy },
  referer: {
    root: 'RefererConfiguration',
    absent: {
      document: `${DECLARATION}<RefererConfiguration>\n  <AllowEmptyReferer>true</AllowEmptyReferer>\n  <AllowTruncateQueryString>true</AllowTruncateQueryString>\n  <RefererList/>\n</RefererConfiguration>`,
    },
  },
  requestPayment: {
    root: 'RequestPaymentConfiguration',
    absent: {
      document: `${DECLARATION}<RequestPaymentConfiguration>\n  <Payer>BucketOwner</Payer>\n</RequestPaymentConfiguration>`,
    },
    checkElement: checkPayer,
  },
  tagging: { root: 'Tagging', absent: { document: `${DECLARATION}<Tagging>\n  <TagSet/>\n</Tagging>` } },
  website: { root: 'WebsiteConfiguration', absent: 'NoSuchWebsiteConfiguration' },
} as const satisfies Record<string, DocumentKind>;

function checkPayer(document: XmlElement): void {
  const payer = childText(document, 'Payer')?.trim();
  if (payer !== 'BucketOwner' && payer !== 'Requester')
    throw malformedXml(`Payer must be BucketOwner or Requester, got ${payer}`);
}

export type DocumentName = keyof typeof KINDS;

export function putDocument(name: DocumentName): Operation {
  return async (request, bucket) => {
    const kind: DocumentKind = KINDS[name];
    const text = await readText(request);
    kind.check?.(text);
    const document = kind.root && parseDocument(text, kind.root);
    if (document) kind.checkElement?.(document);
    await store(bucket, name, document ? normalizeDocument(document) : text);
    return { status: 200 };
  };
}

export function getDocument(name: DocumentName): Operation {
  return async (request, bucket) => {
    const kind: DocumentKind = KINDS[name];
    const stored = bucket.record.documents[name];
    if (stored === undefined && typeof kind.absent === 'string') {
      throw new OssRefusal(kind.absent, { elements: { BucketName: request.bucket } });
    }
    const body = stored ?? (kind.absent as { document: string }).document;
    return {
      status: 200,
      headers: { 'content-type': kind.root ? 'application/xml' : 'application/json' },
      body,
    };
  };
}

/** Also succeeds if there is none. */
export function deleteDocument(name: DocumentName): Operation {
  return async (_request, bucket) => {
    await store(bucket, name, undefined);
    return { status: 204 };
  };
}

/** doc: deletes the tags with the named keys, or all without names. */
export const deleteBucketTags: Operation = async (request, bucket) => {
  const named = (request.query.get('tagging') ?? '').split(',').filter((key) => key !== '');
  const kept = [...bucketTags(bucket)].filter(([key]) => named.length > 0 && !named.includes(key));
  const tags = kept.map(([key, value]) => ({ Key: key, Value: value }));
  await store(
    bucket,
    'tagging',
    tags.length > 0 ? writeXml('Tagging', { TagSet: { Tag: tags } }) : undefined,
  );
  return { status: 204 };
};

const MAX_BUCKET_TAGS = 20;
const checkBucketTags = (tags: Tag[]) => checkTagSizes(tags, MAX_BUCKET_TAGS);

export const putBucketTags: Operation = async (request, bucket) => {
  const text = await readText(request);
  readTagging(text, checkBucketTags);
  await store(bucket, 'tagging', text);
  return { status: 200 };
};

/** The tags of a bucket, by key. */
export function bucketTags({ record }: BucketStore): ReadonlyMap<string, string> {
  const stored = record.documents.tagging;
  if (stored === undefined) return new Map();
  return new Map(readTagging(stored, checkBucketTags).map(({ key, value }) => [key, value]));
}

export const putInventory: Operation = async (request, bucket) => {
  const name = inventoryName(request);
  const text = await readText(request);
  const document = parseDocument(text, 'InventoryConfiguration');
  const id = childText(document, 'Id') ?? '';
  if (`inventory/${id}` !== name) throw invalidArgument('inventoryId', id);
  await store(bucket, name, normalizeDocument(document));
  return { status: 200 };
};

export const getInventory: Operation = async (request, bucket) => {
  const body = bucket.record.documents[inventoryName(request)];
  if (body === undefined)
    throw new OssRefusal('NoSuchInventory', { elements: { BucketName: request.bucket } });
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
};

export const deleteInventory: Operation = async (request, bucket) => {
  await store(bucket, inventoryName(request), undefined);
  return { status: 204 };
};

/** doc: 100 per page. */
const INVENTORY_PAGE = 100;

export const listInventories: Operation = async (request, bucket) => {
  const { documents } = bucket.record;
  const token = request.query.get('continuation-token') ?? '';
  const all = Object.keys(documents).filter((name) => name.startsWith('inventory/'));
  // sdk: Python expects an error, not an empty list.
  if (all.length === 0) throw new OssRefusal('NoSuchInventory', { elements: { BucketName: request.bucket } });
  const rest = all.filter((name) => name.slice('inventory/'.length) > token).sort();
  const page = rest.slice(0, INVENTORY_PAGE);
  const truncated = rest.length > page.length;
  // Each document was checked to be well-formed when it was stored.
  const items = page.map((name) => documents[name]!.replace(/^\s*<\?xml[^>]*\?>\s*/, '')).join('\n');
  const next = truncated
    ? `<NextContinuationToken>${page.at(-1)!.slice('inventory/'.length)}</NextContinuationToken>`
    : '';
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: `${DECLARATION}<ListInventoryConfigurationsResult>\n${items}\n<IsTruncated>${truncated}</IsTruncated>${next}\n</ListInventoryConfigurationsResult>`,
  };
};

function inventoryName(request: OssRequest): string {
  const id = request.query.get('inventoryId') ?? '';
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(id)) throw invalidArgument('inventoryId', id);
  return `inventory/${id}`;
}

function store(bucket: BucketStore, name: string, text: string | undefined): Promise<void> {
  return bucket.update((record) => {
    const { [name]: _, ...others } = record.documents;
    return { ...record, documents: text === undefined ? others : { ...others, [name]: text } };
  });
}

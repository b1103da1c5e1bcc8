import { setImmediate as nextTurn } from 'node:timers/promises';
import { childText, type XmlFields } from '../../../shared/runtime/xml.ts';
import { accountOf } from '../auth/caller.ts';
import type { OssContext } from '../context.ts';
import { invalidArgument, OssRefusal } from '../errors.ts';
import { xmlReply } from '../http/reply.ts';
import {
  malformedXml,
  numberParameter,
  type OssRequest,
  parseDocument,
  readText,
  readXml,
} from '../http/request.ts';
import { checkBucketName } from '../names.ts';
import type { BucketStore } from '../store/bucket.ts';
import {
  type BucketAcl,
  type BucketRecord,
  newBucket,
  type ObjectRecord,
  type VersioningStatus,
} from '../store/records.ts';
import { bucketTags } from './bucket-documents.ts';
import { encryptionDocument, encryptionOf, readEncryptionRule } from './encryption.ts';
import { isoSeconds, ownerOf } from './list-objects.ts';
import type { Operation } from './operation.ts';
import { parseStorageClass } from './template.ts';

/** The only resource group of this server. */
const RESOURCE_GROUP = 'rg-acfmlocaldefault';

const OBJECTS_PER_TURN = 1000;

export const listBuckets: Operation = async (request, _bucket, oss) => {
  const prefix = request.query.get('prefix') ?? '';
  const marker = request.query.get('marker') ?? '';
  const maxKeys = numberParameter(request, 'max-keys', { min: 1, max: 1000, fallback: 100 });
  const wanted = readTagFilter(request);
  const owner = accountOf(request.caller);
  const rest = oss.store.all().filter((bucket) => {
    const { name, ownerId } = bucket.record;
    if (ownerId !== owner || !name.startsWith(prefix) || name <= marker) return false;
    const tags = wanted.length === 0 ? new Map() : bucketTags(bucket);
    return wanted.every(([key, value]) => tags.has(key) && (value === undefined || tags.get(key) === value));
  });
  const page = rest.slice(0, maxKeys);
  const truncated = rest.length > page.length;
  const filtered = truncated || ['prefix', 'marker', 'max-keys'].some((name) => request.query.has(name));
  return xmlReply('ListAllMyBucketsResult', {
    ...(filtered && {
      Prefix: prefix,
      Marker: marker,
      MaxKeys: maxKeys,
      IsTruncated: truncated,
      NextMarker: truncated ? page.at(-1)!.record.name : undefined,
    }),
    Owner: { ID: owner, DisplayName: owner },
    Buckets: {
      Bucket: page.map((bucket) => ({
        ...describeBucket(bucket, oss),
        Region: oss.region,
        ResourceGroupId: RESOURCE_GROUP,
        ...taggingOf(bucket),
      })),
    },
  });
};

/** doc: `tag-key` with or without `tag-value`. sdk: ali-oss sends `tagging="key":"value",…`. */
function readTagFilter({ query }: OssRequest): [key: string, value: string | undefined][] {
  const key = query.get('tag-key');
  const value = query.get('tag-value');
  if (key) return [[key, value]];
  if (value) throw invalidArgument('tag-value', value, 'The tag-value needs a tag-key.');
  const text = query.get('tagging') ?? '';
  if (text === '') return [];
  return text.split(/,(?=")/).map((pair) => {
    const match = /^"([^"]*)":"([^"]*)"$/.exec(pair);
    if (!match) throw invalidArgument('tagging', text);
    return [match[1]!, match[2]!];
  });
}

/** sdk: ali-oss reads the tags of a bucket from the list of buckets. */
function taggingOf(bucket: BucketStore): XmlFields {
  const tags = [...bucketTags(bucket)].map(([key, value]) => ({ Key: key, Value: value }));
  return tags.length > 0 ? { Tagging: { TagSet: { Tag: tags } } } : {};
}

export const putBucket: Operation = async (request, _bucket, oss) => {
  checkBucketName(request.bucket);
  const asked = await readConfiguration(request, oss.region);
  const acl = request.headers['x-oss-acl'];
  const encryption = encryptionOf(request.headers);
  const existing = oss.store.find(request.bucket);
  const headers = { location: `/${request.bucket}` };
  if (existing) {
    checkRepeated(existing.record, asked.storageClass, request);
    if (acl !== undefined) await existing.update((record) => ({ ...record, acl: parseBucketAcl(acl) }));
    return { status: 200, headers };
  }
  await oss.store.create({
    ...newBucket(request.bucket, accountOf(request.caller), oss.clock.now()),
    ...(acl !== undefined && { acl: parseBucketAcl(acl) }),
    ...asked,
    documents: encryption ? { encryption: encryptionDocument(encryption) } : {},
  });
  return { status: 200, headers };
};

export const deleteBucket: Operation = async (request, _bucket, oss) => {
  await oss.store.remove(request.bucket);
  return { status: 204 };
};

export const getBucketInfo: Operation = async (_request, bucket, oss) => {
  const { record } = bucket;
  return xmlReply('BucketInfo', {
    Bucket: {
      ...describeBucket(bucket, oss),
      DataRedundancyType: record.redundancy,
      Comment: '',
      AccessMonitor: 'Disabled',
      TransferAcceleration: 'Disabled',
      CrossRegionReplication: 'Disabled',
      BlockPublicAccess: false,
      ResourceGroupId: RESOURCE_GROUP,
      Versioning: record.versioning,
      Owner: ownerOf(bucket),
      AccessControlList: { Grant: record.acl },
      ServerSideEncryptionRule: encryptionRuleOf(bucket),
    },
  });
};

/** sdk: a bucket without a rule shows the method `None`. */
function encryptionRuleOf({ record }: BucketStore): XmlFields {
  const document = record.documents.encryption;
  if (document === undefined) return { SSEAlgorithm: 'None' };
  const { algorithm, dataAlgorithm, keyId } = readEncryptionRule(document);
  return { SSEAlgorithm: algorithm, KMSMasterKeyID: keyId, KMSDataEncryption: dataAlgorithm };
}

/** sdk: the Java SDK and clients of S3 ask so whether a bucket exists. */
export const headBucket: Operation = async (_request, _bucket, oss) => {
  return { status: 200, headers: { 'x-oss-bucket-region': `oss-${oss.region}` } };
};

export const getBucketLocation: Operation = async (_request, _bucket, oss) => {
  // sdk: the root element contains the text, which `writeXml` cannot write; a region has no XML characters.
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint>oss-${oss.region}</LocationConstraint>`;
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
};

/** The name of a storage class in the elements of `BucketStat`, and the class. */
const STAT_CLASSES = [
  ['Standard', 'Standard'],
  ['InfrequentAccess', 'IA'],
  ['Archive', 'Archive'],
  ['ColdArchive', 'ColdArchive'],
  ['DeepColdArchive', 'DeepColdArchive'],
] as const;

/** The one region of this server. */
export const describeRegions: Operation = async (request, _bucket, oss) => {
  const region = `oss-${oss.region}`;
  const asked = request.query.get('regions') ?? '';
  if (asked !== '' && asked !== region) {
    throw new OssRefusal('NoSuchRegion', { elements: { Region: asked } });
  }
  return xmlReply('RegionInfoList', {
    RegionInfo: {
      Region: region,
      InternetEndpoint: `${region}.aliyuncs.com`,
      InternalEndpoint: `${region}-internal.aliyuncs.com`,
      AccelerateEndpoint: 'oss-accelerate.aliyuncs.com',
    },
  });
};

export const getBucketStat: Operation = async (request, bucket) => {
  const sizes: Record<string, { storage: number; count: number }> = {};
  const total = { storage: 0, count: 0 };
  let deleteMarkers = 0;
  for await (const { versions } of allObjects(bucket)) {
    for (const { storageClass, size, deleteMarker } of versions) {
      if (deleteMarker) {
        deleteMarkers++;
        continue;
      }
      sizes[storageClass] ??= { storage: 0, count: 0 };
      for (const sum of [sizes[storageClass], total]) {
        sum.storage += size;
        sum.count++;
      }
    }
  }
  const classes = STAT_CLASSES.map(([name, storageClass]): XmlFields => {
    const { storage, count } = sizes[storageClass] ?? { storage: 0, count: 0 };
    const real = storageClass === 'Standard' ? {} : { [`${name}RealStorage`]: storage };
    return { [`${name}Storage`]: storage, ...real, [`${name}ObjectCount`]: count };
  });
  return xmlReply('BucketStat', {
    Storage: total.storage,
    ObjectCount: total.count,
    MultipartUploadCount: [...bucket.uploads.all()].length,
    LiveChannelCount: 0,
    // sdk: a bucket that never had an object was never counted.
    LastModifiedTime: total.count === 0 ? 0 : Math.floor(request.time / 1000),
    ...Object.assign({}, ...classes),
    DeleteMarkerCount: deleteMarkers,
  });
};

/** Lets other requests go on in between. */
async function* allObjects(bucket: BucketStore): AsyncGenerator<ObjectRecord> {
  let next: string | undefined = '';
  while (next !== undefined) {
    const from: string = next;
    next = undefined;
    let count = 0;
    for (const record of bucket.from(from)) {
      if (++count > OBJECTS_PER_TURN) {
        next = record.key;
        break;
      }
      yield record;
    }
    await nextTurn();
  }
}

/** doc: creates the bucket if it does not exist. */
export const putBucketAcl: Operation = async (request, bucket, oss) => {
  parseBucketAcl(request.headers['x-oss-acl'] ?? '');
  return putBucket(request, bucket, oss);
};

export const getBucketAcl: Operation = async (_request, bucket) => {
  return xmlReply('AccessControlPolicy', {
    Owner: ownerOf(bucket),
    AccessControlList: { Grant: bucket.record.acl },
  });
};

export const putBucketVersioning: Operation = async (request, bucket) => {
  const status = childText(await readXml(request, 'VersioningConfiguration'), 'Status') ?? '';
  if (status !== 'Enabled' && status !== 'Suspended')
    throw malformedXml(`Status must be Enabled or Suspended, got ${status}`);
  const versioning: VersioningStatus = status;
  await bucket.update((record) => ({ ...record, versioning }));
  return { status: 200 };
};

export const getBucketVersioning: Operation = async (_request, bucket) => {
  return xmlReply('VersioningConfiguration', { Status: bucket.record.versioning });
};

function describeBucket({ record }: BucketStore, oss: OssContext): XmlFields {
  return {
    CreationDate: isoSeconds(record.created),
    ExtranetEndpoint: `oss-${oss.region}.aliyuncs.com`,
    IntranetEndpoint: `oss-${oss.region}-internal.aliyuncs.com`,
    Location: `oss-${oss.region}`,
    Name: record.name,
    StorageClass: record.storageClass,
  };
}

function checkRepeated(record: BucketRecord, storageClass: string | undefined, request: OssRequest): void {
  if (record.ownerId !== accountOf(request.caller)) {
    throw new OssRefusal('BucketAlreadyExists', { elements: { BucketName: record.name } });
  }
  if (storageClass !== undefined && storageClass !== record.storageClass) {
    throw new OssRefusal('BucketAlreadyExists', {
      message: "Cannot modify existing bucket's storage class.",
      elements: { BucketName: record.name },
    });
  }
}

async function readConfiguration(request: OssRequest, region: string) {
  const text = await readText(request);
  const document = text === '' ? undefined : parseDocument(text, 'CreateBucketConfiguration');
  const location = document && childText(document, 'LocationConstraint');
  if (location && location !== `oss-${region}`) {
    throw new OssRefusal('InvalidLocationConstraint', { elements: { LocationConstraint: location } });
  }
  const storageClass = (document && childText(document, 'StorageClass')) || undefined;
  const redundancy = (document && childText(document, 'DataRedundancyType')) || 'LRS';
  if (redundancy !== 'LRS' && redundancy !== 'ZRS')
    throw malformedXml(`DataRedundancyType must be LRS or ZRS, got ${redundancy}`);
  return {
    ...(storageClass !== undefined && { storageClass: parseStorageClass(storageClass) }),
    redundancy: redundancy as BucketRecord['redundancy'],
  };
}

function parseBucketAcl(text: string): BucketAcl {
  if (text === 'private' || text === 'public-read' || text === 'public-read-write') return text;
  throw invalidArgument('x-oss-acl', text, 'no such bucket access control exists');
}

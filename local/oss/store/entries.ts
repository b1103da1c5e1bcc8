import type { BucketRecord, ObjectRecord, ObjectVersion, Part, Segment, UploadRecord } from './records.ts';

/** What the index holds: keys of four kinds, and values that are JSON after the number of their bytes in the log. */
export const entryKeys = {
  bucket: (name: string) => `b/${name}`,
  object: (bucket: string, key: string) => `o/${bucket}/${key}`,
  upload: (bucket: string, id: string) => `u/${bucket}/${id}`,
  allParts: 'p/',
  parts: (bucket: string, id: string) => `p/${bucket}/${id}/`,
  part: (bucket: string, id: string, number: number) =>
    `p/${bucket}/${id}/${String(number).padStart(5, '0')}`,
} as const;

/** How an entry is called in messages: `photos/a.jpg`. */
export const nameOfEntry = (key: string) => key.slice(2);

/** The key of the upload that a part belongs to. */
export const uploadKeyOf = (part: string) => `u/${part.slice(2, part.lastIndexOf('/'))}`;

/** The fields of a version that most versions do not need. */
const DEFAULTS = {
  deleteMarker: false,
  type: 'Normal',
  headers: {},
  metadata: {},
  tags: [],
  acl: 'default',
  storageClass: 'Standard',
} as const satisfies Partial<ObjectVersion>;

export function encodeObject({ versions }: ObjectRecord): string {
  const stored = versions.map((version) => {
    const rest: Record<string, unknown> = { ...version };
    for (const [name, value] of Object.entries(DEFAULTS)) {
      const own = rest[name];
      const isEmpty = typeof own === 'object' && own !== null && Object.keys(own).length === 0;
      if (own === value || isEmpty) delete rest[name];
    }
    return rest;
  });
  return encode(
    { versions: stored },
    versions.flatMap(({ segments }) => segments),
  );
}

export function decodeObject(key: string, value: string): ObjectRecord {
  return { key, versions: decode<{ versions: readonly StoredVersion[] }>(value).versions.map(completed) };
}

type Omitted = keyof typeof DEFAULTS;
type StoredVersion = Omit<ObjectVersion, Omitted> & Partial<Pick<ObjectVersion, Omitted>>;

/** Each field by its name: objects of one shape are several times as fast as those that a spread makes. */
function completed(stored: StoredVersion): ObjectVersion {
  return {
    id: stored.id,
    deleteMarker: stored.deleteMarker ?? DEFAULTS.deleteMarker,
    type: stored.type ?? DEFAULTS.type,
    segments: stored.segments,
    size: stored.size,
    etag: stored.etag,
    crc64: stored.crc64,
    contentMd5: stored.contentMd5,
    lastModified: stored.lastModified,
    headers: stored.headers ?? DEFAULTS.headers,
    metadata: stored.metadata ?? DEFAULTS.metadata,
    tags: stored.tags ?? DEFAULTS.tags,
    acl: stored.acl ?? DEFAULTS.acl,
    storageClass: stored.storageClass ?? DEFAULTS.storageClass,
    encryption: stored.encryption,
    symlinkTarget: stored.symlinkTarget,
    restore: stored.restore,
  } satisfies Complete;
}

/** So that no field is forgotten. */
type Complete = { readonly [name in keyof Required<ObjectVersion>]: ObjectVersion[name] };

export const encodePart = (part: Part) => encode(part, [part.segment]);
export const encodeRecord = (record: BucketRecord | UploadRecord) => encode(record, []);

function encode(value: unknown, segments: readonly Segment[]): string {
  let bytes = 0;
  for (const segment of segments) if ('log' in segment) bytes += segment.size;
  return `${bytes} ${JSON.stringify(value)}`;
}

export function decode<T>(value: string): T {
  return JSON.parse(value.slice(value.indexOf(' ') + 1));
}

/** How many bytes of the log belong to a value, besides the value itself. */
export function bytesInLog(value: string): number {
  return Number.parseInt(value, 10);
}

/** The segments of a value. */
export function segmentsIn(key: string, value: string): readonly Segment[] {
  if (key.startsWith('p/')) return [decode<Part>(value).segment];
  if (!key.startsWith('o/')) return [];
  return decode<Pick<ObjectRecord, 'versions'>>(value).versions.flatMap(({ segments }) => segments);
}

/** The same value with other segments. */
export function withSegments(key: string, value: string, map: (segment: Segment) => Segment): string {
  if (key.startsWith('p/')) {
    const part = decode<Part>(value);
    return encodePart({ ...part, segment: map(part.segment) });
  }
  if (!key.startsWith('o/')) return value;
  const { versions } = decodeObject('', value);
  return encodeObject({
    key: '',
    versions: versions.map((version) => ({ ...version, segments: version.segments.map(map) })),
  });
}

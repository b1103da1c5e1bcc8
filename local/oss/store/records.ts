export type StorageClass = 'Standard' | 'IA' | 'Archive' | 'ColdArchive' | 'DeepColdArchive';
export type ObjectType = 'Normal' | 'Multipart' | 'Appendable' | 'Symlink';
export type BucketAcl = 'private' | 'public-read' | 'public-read-write';
export type ObjectAcl = BucketAcl | 'default';
export type VersioningStatus = 'Enabled' | 'Suspended';

/** Bytes of an object, or of a part of one. */
export type Segment = FileSegment | LogSegment | ReceivedSegment;

/** Bytes in a file of their own, which has no others. */
export interface FileSegment {
  readonly file: string;
  readonly size: number;
}

/** Bytes in the log, beside the record that names them. */
export interface LogSegment {
  /** The number of the log's file. */
  readonly log: number;
  readonly offset: number;
  readonly size: number;
  /** CRC-32 */
  readonly crc: number;
}

/** Bytes that are only in memory. They go into the log with the record that names them. */
export interface ReceivedSegment {
  readonly bytes: Buffer;
  readonly size: number;
}

/** A version of an object, or a delete marker. Immutable: an edit creates a new one. */
export interface ObjectVersion {
  /** The string `null` if the bucket was not versioned at the time. */
  readonly id: string;
  readonly deleteMarker: boolean;
  readonly type: ObjectType;
  readonly segments: readonly Segment[];
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** Unsigned decimal. */
  readonly crc64: string;
  /** Base64; only for objects that were uploaded in one piece. */
  readonly contentMd5?: string;
  /** Milliseconds since the epoch. */
  readonly lastModified: number;
  /** `content-type`, `cache-control` and their like. */
  readonly headers: Readonly<Record<string, string>>;
  /** `x-oss-meta-*` without the prefix. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly Tag[];
  readonly acl: ObjectAcl;
  readonly storageClass: StorageClass;
  readonly encryption?: Encryption;
  readonly symlinkTarget?: string;
  readonly restore?: Restore;
}

export interface Tag {
  readonly key: string;
  readonly value: string;
}

export interface Encryption {
  readonly algorithm: string;
  /** The algorithm of the data key, if the key is from KMS and not for AES-256. */
  readonly dataAlgorithm?: string;
  readonly keyId?: string;
}

/** The restored copy of an archived object. */
export interface Restore {
  /** Milliseconds since the epoch. */
  readonly readyAt: number;
  readonly expiresAt: number;
}

/** The state of one key. It is written as a whole, which commits every change. */
export interface ObjectRecord {
  readonly key: string;
  /** Newest first; never empty. */
  readonly versions: readonly ObjectVersion[];
}

export interface Part {
  readonly number: number;
  readonly segment: Segment;
  readonly etag: string;
  readonly crc64: string;
  readonly lastModified: number;
}

/** The start of a multipart upload, with the attributes of its future object. */
export interface UploadRecord {
  readonly id: string;
  readonly key: string;
  readonly initiated: number;
  readonly template: ObjectTemplate;
  /** Its parts come in the order of their numbers, and its object has an MD5. @default false */
  readonly sequential?: boolean;
}

/** The attributes of an object that a request sends with its bytes. */
export type ObjectTemplate = Pick<
  ObjectVersion,
  'headers' | 'metadata' | 'tags' | 'acl' | 'storageClass' | 'encryption'
>;

export interface BucketRecord {
  readonly name: string;
  readonly ownerId: string;
  readonly created: number;
  readonly acl: BucketAcl;
  readonly storageClass: StorageClass;
  readonly redundancy: 'LRS' | 'ZRS';
  readonly versioning?: VersioningStatus;
  /** Configuration documents by sub-resource: `cors`, `lifecycle`, …; `inventory/<id>` for inventories. */
  readonly documents: Readonly<Record<string, string>>;
}

/** A private bucket of class Standard. */
export function newBucket(name: string, ownerId: string, created: number): BucketRecord {
  return {
    name,
    ownerId,
    created,
    acl: 'private',
    storageClass: 'Standard',
    redundancy: 'LRS',
    documents: {},
  };
}

/** The newest version, unless it is a delete marker. */
export function currentVersion(record: ObjectRecord | undefined): ObjectVersion | undefined {
  const newest = record?.versions[0];
  return newest?.deleteMarker ? undefined : newest;
}

/** The files that a record needs. */
export function filesOf(segments: readonly Segment[]): string[] {
  return segments.flatMap((segment) => ('file' in segment ? [segment.file] : []));
}

export function segmentsOf(record: ObjectRecord | undefined): Segment[] {
  return record ? record.versions.flatMap(({ segments }) => [...segments]) : [];
}

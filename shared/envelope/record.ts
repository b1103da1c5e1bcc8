import * as z from 'zod/mini';
import { MAX_KEY_BYTES } from '../oss/limits.ts';
import { describeIssue } from './envelope.ts';
import type { EnvelopeName, OssObjectEvent, OssRecord } from './event.ts';
import { toUtc } from './event-time.ts';

/** Real records are five levels deep; a serializer overflows its stack at some thousands. */
const MAX_RECORD_NESTING = 32;

const word = (pattern: RegExp, expected: string) =>
  z.string().check(z.regex(pattern, { error: `expected ${expected}` }));

/**
 * Strict about what the pipeline uses: bucket and region become host names, and the key a path. Everything else is kept
 * without validation.
 */
const recordSchema = z.object({
  eventName: word(/^[A-Z][A-Za-z]{0,63}:[A-Z][A-Za-z]{0,63}$/, 'Group:Name'),
  eventSource: z.literal('acs:oss'),
  eventTime: z.string().check(z.refine((text) => toUtc(text) !== undefined, 'expected an ISO 8601 time')),
  region: word(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a region id'),
  responseElements: z.object({ requestId: word(/^[A-Za-z0-9_-]{1,128}$/, 'an OSS request id') }),
  oss: z.object({
    bucket: z.object({
      name: word(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, 'a bucket name'),
      arn: z.optional(z.string()),
      ownerIdentity: z.optional(z.string()),
    }),
    object: z.object({
      key: z.string().check(z.refine(isKey, `expected 1 to ${MAX_KEY_BYTES} bytes of text`)),
      size: z.optional(z.int().check(z.minimum(0, { error: 'expected zero or more' }))),
      eTag: z.optional(z.string()),
      versionId: z.optional(z.string()),
    }),
  }),
});

function isKey(key: string): boolean {
  return key !== '' && Buffer.byteLength(key) <= MAX_KEY_BYTES && !/\p{Surrogate}/u.test(key);
}

/** Why the value is not a record of an OSS notification; `undefined` for a valid record. */
export function whyNotRecord(value: unknown): string | undefined {
  const parsed = recordSchema.safeParse(value);
  if (!parsed.success) return describeIssue(parsed.error.issues);
  return isDeeperThan(MAX_RECORD_NESTING, value) ? 'nested too deeply' : undefined;
}

export interface RecordContext {
  readonly envelopes: readonly EnvelopeName[];
  /** Index of the record in its notification. */
  readonly index: number;
  /** The id under which the record was forwarded before. */
  readonly eventId?: string | undefined;
}

/** The value must have passed `whyNotRecord`. */
export function eventOf(record: OssRecord, { envelopes, index, eventId }: RecordContext): OssObjectEvent {
  const { bucket, object } = record.oss;
  const { requestId } = record.responseElements;
  return {
    id: eventId && isIdOf(requestId, eventId) ? eventId : `${requestId}.${index}`,
    eventName: record.eventName,
    eventTime: toUtc(record.eventTime)!,
    region: record.region,
    accountId: bucket.ownerIdentity || bucket.arn?.split(':')[3] || '',
    bucket: bucket.name,
    key: object.key,
    size: object.size,
    etag: object.eTag || undefined,
    versionId: object.versionId || undefined,
    requestId,
    envelopes,
    record,
  };
}

/** The record that the upload of an object would have caused. `time` is in milliseconds since the epoch. */
export function uploadRecord(object: {
  readonly bucket: string;
  readonly key: string;
  readonly region: string;
  readonly requestId: string;
  readonly time: number;
  readonly size?: number;
  readonly etag?: string;
  readonly versionId?: string;
}): OssRecord {
  const { bucket, key, region, requestId, time, size, etag, versionId } = object;
  return {
    eventName: 'ObjectCreated:PutObject',
    eventSource: 'acs:oss',
    eventTime: new Date(time).toISOString(),
    region,
    responseElements: { requestId },
    oss: { bucket: { name: bucket }, object: { key, size, eTag: etag, versionId } },
  };
}

/** EventBridge has its own ids for events. Only ours contain the index of the record in its notification. */
function isIdOf(requestId: string, id: string): boolean {
  return id.startsWith(`${requestId}.`) && /^\d{1,6}$/.test(id.slice(requestId.length + 1));
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((child) => isDeeperThan(levels - 1, child));
}

/** One change of one object, from any trigger. */
export interface OssObjectEvent {
  /** `<OSS request id>.<index of the record in its notification>`: the same on every redelivery. */
  readonly id: string;
  /** `ObjectCreated:PutObject`, without the `oss:` prefix of CloudEvents. */
  readonly eventName: string;
  /** ISO 8601, UTC. */
  readonly eventTime: string;
  readonly region: string;
  /** Account id of the bucket's owner; empty when the envelope does not contain it. */
  readonly accountId: string;
  readonly bucket: string;
  /** As received. OSS does not document whether notifications percent-encode keys. */
  readonly key: string;
  /** Bytes after the operation. */
  readonly size?: number;
  /** Upper-case hex without quotes. */
  readonly etag?: string;
  /** Only on versioned buckets. */
  readonly versionId?: string;
  /** The OSS request id of the write. */
  readonly requestId: string;
  /** The envelopes that were opened, outermost first. */
  readonly envelopes: readonly EnvelopeName[];
  /** The record as received, for forwarding. */
  readonly record: OssRecord;
}

/**
 * The shapes in which triggers deliver records, and encodings between them. The innermost is always `oss-notification` or
 * `oss-record`.
 */
export type EnvelopeName =
  /** `{"events": […]}`: Function Compute's OSS trigger, and OSS event notification through MNS. */
  | 'oss-notification'
  /** A single record: the data of EventBridge's OSS events, or what a transformation keeps of them. */
  | 'oss-record'
  | 'eventbridge-oss'
  /** Any other CloudEvent, such as those of Knative sources. */
  | 'cloudevent'
  | 'cloudevents-batch'
  | 'mns-queue-event'
  | 'mns-topic-json'
  | 'mns-topic-xml'
  | 'mns-topic-stream'
  | 'json-string'
  | 'base64'
  | 'http-v1'
  | 'async-destination';

/**
 * A record of an OSS notification, as wire data. Unknown fields are kept.
 * Source: OSS event notification documentation and captured messages.
 */
export interface OssRecord {
  readonly eventName: string;
  readonly eventSource: string;
  readonly eventTime: string;
  readonly eventVersion?: string;
  readonly region: string;
  readonly requestParameters?: { readonly sourceIPAddress?: string };
  readonly responseElements: { readonly requestId: string };
  readonly userIdentity?: { readonly principalId?: string };
  readonly oss: {
    readonly ossSchemaVersion?: string;
    readonly ruleId?: string;
    readonly bucket: {
      readonly arn?: string;
      readonly name: string;
      readonly ownerIdentity?: string;
      readonly virtualBucket?: string;
    };
    readonly object: {
      readonly key: string;
      readonly size?: number;
      /** New size minus old size, in bytes; negative when an object shrank. */
      readonly deltaSize?: number;
      readonly eTag?: string;
      readonly versionId?: string;
      /** AppendObject only: the offset of the append. */
      readonly position?: number;
      /** GetObject only. */
      readonly readFrom?: number;
      readonly readTo?: number;
      readonly objectMeta?: {
        readonly mimeType?: string;
        readonly userMeta?: Readonly<Record<string, string>>;
      };
    };
  };
  /** Custom variables of an upload callback, `x:name`. */
  readonly xVars?: Readonly<Record<string, string>>;
}

import type { OssRecord } from '../../shared/envelope/event.ts';

export interface RecordOptions {
  readonly bucket?: string;
  readonly key?: string;
  readonly size?: number;
  readonly eventName?: string;
  readonly requestId?: string;
  readonly eTag?: string;
}

/** A record in the form of OSS. */
export function ossRecord({
  bucket = 'photos',
  key = 'incoming/team.jpg',
  size = 204_800,
  eventName = 'ObjectCreated:PutObject',
  requestId = '65A0B1C2D3E4F5A6B7C8D901',
  eTag = '5D41402ABC4B2A76B9719D911017C592',
}: RecordOptions = {}): OssRecord {
  return {
    eventName,
    eventSource: 'acs:oss',
    eventTime: '2026-01-15T08:30:00.000Z',
    eventVersion: '1.0',
    region: 'cn-shanghai',
    requestParameters: { sourceIPAddress: '192.0.2.10' },
    responseElements: { requestId },
    userIdentity: { principalId: '1000000000000001' },
    oss: {
      ossSchemaVersion: '1.0',
      ruleId: 'faces-on-upload',
      bucket: {
        arn: `acs:oss:cn-shanghai:1000000000000001:${bucket}`,
        name: bucket,
        ownerIdentity: '1000000000000001',
        virtualBucket: '',
      },
      object: { deltaSize: size, eTag, key, size },
    },
  };
}

/** A notification of OSS: the Base64 of `{"events": […]}`. */
export function notificationText(...records: readonly unknown[]): string {
  return Buffer.from(JSON.stringify({ events: records })).toString('base64');
}

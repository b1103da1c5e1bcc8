import type { OssRecord } from '../../shared/envelope/event.ts';
import type { ObjectChange } from './object-change.ts';

/** The document of an event rule, or of an OSS trigger of Function Compute, whose name stands in for the rule's. */
export function notificationOf(change: ObjectChange, rule: string, region: string): string {
  return JSON.stringify({ events: [recordOf(change, rule, region)] });
}

/** Source: real messages; newer documents nest some fields one level too deep. */
function recordOf(change: ObjectChange, rule: string, region: string): OssRecord {
  const { bucket, ownerId, versionId, position, read, xVars } = change;
  return {
    eventName: change.eventName,
    eventSource: 'acs:oss',
    eventTime: `${new Date(change.time).toISOString().slice(0, 19)}.000Z`,
    eventVersion: '1.0',
    oss: {
      bucket: {
        arn: `acs:oss:${region}:${ownerId}:${bucket}`,
        name: bucket,
        ownerIdentity: ownerId,
        virtualBucket: '',
      },
      object: {
        deltaSize: change.deltaSize,
        eTag: change.etag,
        key: change.key,
        position,
        readFrom: read?.from,
        readTo: read?.to,
        size: change.size,
        versionId,
      },
      ossSchemaVersion: '1.0',
      ruleId: rule,
    },
    region,
    requestParameters: { sourceIPAddress: change.sourceIp },
    responseElements: { requestId: change.requestId },
    userIdentity: { principalId: change.requesterId },
    xVars: xVars && Object.keys(xVars).length > 0 ? xVars : undefined,
  };
}

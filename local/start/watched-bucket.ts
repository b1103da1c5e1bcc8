import type { LocalCloud } from '../cloud.ts';
import type { LocalClients } from './clients.ts';

export const REGION = 'cn-hangzhou';
export const BUCKET = 'photos';
export const QUEUE = 'face-uploads';
const RULE = 'face-uploads';
const EVENT_TYPES = [
  'ObjectCreated:PutObject',
  'ObjectCreated:PostObject',
  'ObjectCreated:CopyObject',
  'ObjectCreated:AppendObject',
  'ObjectCreated:CompleteMultipartUpload',
  'ObjectRemoved:DeleteObject',
  'ObjectRemoved:DeleteObjects',
];

/** Does what a person would do in the console: creates the bucket, the queue and the event rule between them. */
export async function createBucketQueueAndRule(
  { rules }: LocalCloud,
  { oss, mns }: LocalClients,
  prefixes: readonly string[],
): Promise<void> {
  await oss.createBucket(BUCKET);
  await mns.createQueue(QUEUE);
  await rules.ensure({
    name: RULE,
    eventTypes: EVENT_TYPES,
    resources: prefixes.map((prefix) => ({ bucket: BUCKET, prefix, suffix: '' })),
    endpoints: [{ type: 'queue', name: QUEUE }],
  });
}

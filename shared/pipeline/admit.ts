import type { OssObjectEvent } from '../envelope/event.ts';
import { fixedPrefix } from '../results/keys.ts';
import type { PipelineOptions } from './options.ts';
import type { IgnoreRule } from './outcome.ts';

/** After these events the object is complete. The bookkeeping events of a multipart upload come before that. */
const CREATED = new Set([
  'ObjectCreated:PutObject',
  'ObjectCreated:PostObject',
  'ObjectCreated:CopyObject',
  'ObjectCreated:AppendObject',
  'ObjectCreated:CompleteMultipartUpload',
]);

const REMOVED = new Set(['ObjectRemoved:DeleteObject', 'ObjectRemoved:DeleteObjects']);

export type Admission =
  | { readonly action: 'process' | 'remove' }
  | { readonly action: 'ignore'; readonly rule: IgnoreRule };

type Rules = Pick<
  PipelineOptions,
  'sourcePrefix' | 'sourceSuffixes' | 'resultPrefix' | 'resultBucket' | 'removeResults'
>;

/** Decides from the event alone what to do about it. */
export function admit(event: Pick<OssObjectEvent, 'eventName' | 'bucket' | 'key'>, rules: Rules): Admission {
  const { eventName, bucket, key } = event;
  const removal = REMOVED.has(eventName);
  if (!removal && !CREATED.has(eventName)) return ignore('event-type');
  if (isOwnResult(bucket, key, rules)) return ignore('own-result');
  if (!key.startsWith(rules.sourcePrefix)) return ignore('outside-prefix');
  if (key.endsWith('/')) return ignore('folder');
  const lower = key.toLowerCase();
  if (
    rules.sourceSuffixes.length > 0 &&
    !rules.sourceSuffixes.some((end) => lower.endsWith(end.toLowerCase()))
  ) {
    return ignore('outside-suffix');
  }
  if (!removal) return { action: 'process' };
  return rules.removeResults ? { action: 'remove' } : ignore('removal-off');
}

/** Every event is checked again: the check at start-up does not know the event rule. */
function isOwnResult(bucket: string, key: string, { resultBucket, resultPrefix }: Rules): boolean {
  if ((resultBucket ?? bucket) !== bucket) return false;
  const fixed = fixedPrefix(resultPrefix);
  return fixed !== '' && key.startsWith(fixed);
}

function ignore(rule: IgnoreRule): Admission {
  return { action: 'ignore', rule };
}

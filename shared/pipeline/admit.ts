import type { OssObjectEvent } from '../envelope/event.ts';
import { eventTypeOf } from '../envelope/event-types.ts';
import { fixedPrefix } from '../results/keys.ts';
import { keyForms } from './key-forms.ts';
import type { PipelineOptions } from './options.ts';
import type { IgnoreRule } from './outcome.ts';

export type Admission =
  /** `complete`: process it, unless there is a result already. */
  | { readonly action: 'process' | 'complete' | 'remove' }
  | { readonly action: 'ignore'; readonly rule: IgnoreRule };

type Rules = Pick<
  PipelineOptions,
  'sourcePrefix' | 'sourceSuffixes' | 'resultPrefix' | 'resultBucket' | 'removeResults'
>;

/** Decides from the event alone what to do about it. */
export function admit(event: Pick<OssObjectEvent, 'eventName' | 'bucket' | 'key'>, rules: Rules): Admission {
  const { eventName, bucket, key } = event;
  const type = eventTypeOf(eventName);
  if (!type?.isRecognized) return ignore('event-type');
  const forms = keyForms(key);
  if (forms.some((form) => isOwnResult(bucket, form, rules))) return ignore('own-result');
  const inside = forms.filter((form) => form.startsWith(rules.sourcePrefix));
  if (inside.length === 0) return ignore('outside-prefix');
  const files = inside.filter((form) => !form.endsWith('/'));
  if (files.length === 0) return ignore('folder');
  if (!files.some((form) => hasSuffix(form, rules))) return ignore('outside-suffix');
  if (type.effect === 'restores') return { action: 'complete' };
  if (type.effect !== 'removes') return { action: 'process' };
  return rules.removeResults ? { action: 'remove' } : ignore('removal-off');
}

function hasSuffix(key: string, { sourceSuffixes }: Rules): boolean {
  const lower = key.toLowerCase();
  return sourceSuffixes.length === 0 || sourceSuffixes.some((end) => lower.endsWith(end.toLowerCase()));
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

import type { Messaging } from '../desired/messaging.ts';
import { lookUp } from '../kubernetes/addressable.ts';
import { ADDRESSABLES, apiVersionOf } from '../kubernetes/resources.ts';
import type { Parts } from '../parts.ts';
import { keyOf, type Source } from '../source/source.ts';
import type { SourceSpec } from '../source/spec.ts';
import { failed, fine, pending, type Verdict } from '../status/conditions.ts';

export interface DeadLetters {
  readonly verdict: Verdict;
  /** As the poller's option `DEAD_LETTERS` has it; absent unless the verdict is True. */
  readonly target?: string;
}

/** Where messages go that can never succeed: the sink of the spec, or a queue beside the queue. */
export async function resolveDeadLetters(
  source: Source,
  { delivery }: SourceSpec,
  { deadLetterQueue }: Messaging,
  { cluster }: Pick<Parts, 'cluster'>,
): Promise<DeadLetters> {
  const sink = delivery?.deadLetterSink;
  if (!sink) return { verdict: fine, target: `mns:${deadLetterQueue}` };
  const { ref, uri } = sink;
  if (!ref) return { verdict: fine, target: uri! };

  const namespace = ref.namespace ?? keyOf(source).namespace;
  const address = await lookUp(cluster, ref, namespace);
  const what = `${ref.kind} ${ref.name} (${ref.apiVersion}) in namespace ${namespace}`;
  if (address === 'absent') {
    return {
      verdict: failed(
        'DeadLetterSinkNotFound',
        `${what} does not exist: create it, or correct spec.delivery.deadLetterSink`,
      ),
    };
  }
  if (address === 'pending') {
    return { verdict: pending('DeadLetterSinkPending', `${what} has no address yet`) };
  }
  if (address === 'unknown') {
    const kinds = ADDRESSABLES.map((known) => `${known.kind} (${apiVersionOf(known)})`).join(', ');
    return {
      verdict: failed(
        'DeadLetterSinkUnsupported',
        `the address of ${what} cannot be looked up: give spec.delivery.deadLetterSink.uri, or one of ${kinds}`,
      ),
    };
  }
  return { verdict: fine, target: (uri === undefined ? address : new URL(uri, address)).href };
}

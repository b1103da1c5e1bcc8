import type { ControllerDeps } from '../deps.ts';
import type { Messaging } from '../desired/messaging.ts';
import { lookUp } from '../kubernetes/addressable.ts';
import { ADDRESSABLES, apiVersionOf } from '../kubernetes/resources.ts';
import { keyOf, type Source } from '../source/source.ts';
import type { SourceSpec } from '../source/spec.ts';
import { markFalse, markTrue, markUnknown, type StepResult } from '../status/conditions.ts';

/** `target`: the value of the poller's option `DEAD_LETTERS`. Absent unless the condition is True. */
type DeadLettersResult = StepResult<'DeadLetterSinkResolved', { readonly target?: string }>;

/** Where messages go that can never succeed: the sink of the spec, or a queue next to the queue. */
export async function resolveDeadLetters(
  source: Source,
  { delivery }: SourceSpec,
  { deadLetterQueue }: Messaging,
  { cluster }: Pick<ControllerDeps, 'cluster'>,
): Promise<DeadLettersResult> {
  const sink = delivery?.deadLetterSink;
  if (!sink) return resolved(`mns:${deadLetterQueue}`);
  const { ref, uri } = sink;
  if (!ref) return resolved(uri!);

  const namespace = ref.namespace ?? keyOf(source).namespace;
  const address = await lookUp(cluster, ref, namespace);
  const what = `${ref.kind} ${ref.name} (${ref.apiVersion}) in namespace ${namespace}`;
  if (address === 'absent') {
    const fix = 'create it, or correct spec.delivery.deadLetterSink';
    return unresolved('DeadLetterSinkNotFound', `${what} does not exist: ${fix}`);
  }
  if (address === 'pending') {
    const conditions = markUnknown(
      'DeadLetterSinkResolved',
      'DeadLetterSinkPending',
      `${what} has no address yet`,
    );
    return { conditions, facts: {} };
  }
  if (address === 'unknown') {
    const kinds = ADDRESSABLES.map((known) => `${known.kind} (${apiVersionOf(known)})`).join(', ');
    const fix = `give spec.delivery.deadLetterSink.uri, or one of ${kinds}`;
    return unresolved('DeadLetterSinkUnsupported', `the address of ${what} cannot be looked up: ${fix}`);
  }
  return resolved((uri === undefined ? address : new URL(uri, address)).href);
}

function resolved(target: string): DeadLettersResult {
  return { conditions: markTrue('DeadLetterSinkResolved'), facts: { target } };
}

function unresolved(reason: string, message: string): DeadLettersResult {
  return { conditions: markFalse('DeadLetterSinkResolved', reason, message), facts: {} };
}

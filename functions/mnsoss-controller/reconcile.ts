import type { ControllerDeps } from './deps.ts';
import { finalize } from './finalize.ts';
import type { RequeueDecision } from './kubernetes/workqueue.ts';
import { CE_ATTRIBUTES } from './source/event-types.ts';
import type { Source } from './source/source.ts';
import { readSpec } from './source/spec.ts';
import { markAll } from './status/conditions.ts';
import { copyOf } from './status/record.ts';
import { report } from './status/report.ts';
import { bindSink } from './steps/bind-sink.ts';
import { deployPollers, watchPollers } from './steps/deploy-pollers.ts';
import { ensureMessaging } from './steps/ensure-messaging.ts';
import { readCredentials } from './steps/read-credentials.ts';
import { resolveDeadLetters } from './steps/resolve-dead-letters.ts';

/** One pass: brings the cluster and MNS one step closer to the spec of a source, and writes the result into its status. */
export async function reconcile(source: Source, deps: ControllerDeps): Promise<RequeueDecision> {
  if (source.metadata.deletionTimestamp) return finalize(source, deps);
  const read = readSpec(source.spec);
  if ('faults' in read) return reportInvalidSpec(source, read.faults, deps);
  const { spec } = read;

  const sink = await bindSink(source, spec, deps);
  const credentials = await readCredentials(source, spec, deps);
  const messaging = await ensureMessaging(source, spec, credentials.facts, deps);
  const { wanted, made, settled } = messaging.facts;
  const deadLetters = await resolveDeadLetters(source, spec, wanted, deps);
  const found = {
    ...sink.conditions,
    ...credentials.conditions,
    ...messaging.conditions,
    ...deadLetters.conditions,
  };

  const { tokenHash } = credentials.facts;
  const { target } = deadLetters.facts;
  const canDeploy = found.SinkProvided.status !== 'False' && found.QueueReady.status === 'True';
  const pollers =
    canDeploy && tokenHash && target
      ? await deployPollers(source, spec, { queue: wanted.queue, deadLetters: target, tokenHash }, deps)
      : await watchPollers(source, deps);

  return report(
    source,
    {
      conditions: { ...found, ...pollers.conditions },
      facts: {
        ...sink.facts,
        ceAttributes: CE_ATTRIBUTES,
        topic: wanted.subscription?.topic,
        subscription: wanted.subscription?.name,
        queue: wanted.queue,
        deadLetters: target,
        made: copyOf(made),
        ...pollers.facts,
      },
      settled,
    },
    deps,
  );
}

/** Changes nothing: running pollers continue with the last valid spec. */
function reportInvalidSpec(source: Source, message: string, deps: ControllerDeps): Promise<RequeueDecision> {
  return report(
    source,
    {
      conditions: markAll({ status: 'Unknown', reason: 'SpecInvalid', message: 'the spec is invalid' }),
      ready: { status: 'False', reason: 'SpecInvalid', message },
      facts: { made: source.status?.made },
      settled: true,
    },
    deps,
  );
}

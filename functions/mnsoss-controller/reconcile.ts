import { finalize } from './finalize.ts';
import type { Verdict as Next } from './kubernetes/workqueue.ts';
import type { Parts } from './parts.ts';
import type { Source } from './source/source.ts';
import { readSpec } from './source/spec.ts';
import { allOf, failed, pending } from './status/conditions.ts';
import { report } from './status/report.ts';
import { bindSink } from './steps/bind-sink.ts';
import { deployPollers, watchPollers } from './steps/deploy-pollers.ts';
import { ensureMessaging } from './steps/ensure-messaging.ts';
import { readCredentials } from './steps/read-credentials.ts';
import { resolveDeadLetters } from './steps/resolve-dead-letters.ts';

/** Brings the world one step closer to what a source says, and writes down how far it is. */
export async function reconcile(source: Source, parts: Parts): Promise<Next> {
  if (source.metadata.deletionTimestamp) return finalize(source, parts);

  const read = readSpec(source.spec);
  if ('faults' in read) {
    const ready = failed('SpecInvalid', read.faults);
    return report(
      source,
      { verdicts: allOf(pending('SpecInvalid', 'the spec cannot be read')), ready },
      parts,
    );
  }
  const { spec } = read;

  const sink = await bindSink(source, spec, parts);
  const token = await readCredentials(source, spec, parts);
  const messaging = await ensureMessaging(source, spec, token, parts);
  const deadLetters = await resolveDeadLetters(source, spec, messaging.wanted, parts);

  const { queue } = messaging.wanted;
  const { pollerImage } = parts.options;
  const pollers =
    sink.provided.status !== 'False' &&
    messaging.queueReady.status === 'True' &&
    token.found &&
    deadLetters.target
      ? await deployPollers(
          source,
          spec,
          { image: pollerImage, queue, deadLetters: deadLetters.target, tokenHash: token.found.hash },
          parts,
        )
      : await watchPollers(source, parts);

  const verdicts = {
    CredentialsProvided: messaging.credentials,
    QueueReady: messaging.queueReady,
    DeadLetterSinkResolved: deadLetters.verdict,
    SinkProvided: sink.provided,
    SinkBindingReady: sink.bound,
    Deployed: pollers.verdict,
  };
  return report(
    source,
    {
      verdicts,
      spec,
      messaging,
      resolved: sink.resolved,
      consumers: pollers.consumers,
      ...(deadLetters.target && { deadLetters: deadLetters.target }),
    },
    parts,
  );
}

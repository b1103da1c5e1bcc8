import { isDeepStrictEqual } from 'node:util';
import type { Verdict as Next } from '../kubernetes/workqueue.ts';
import type { Parts } from '../parts.ts';
import { CE_ATTRIBUTES } from '../source/event-types.ts';
import { podLabels } from '../source/names.ts';
import { keyOf, type Source } from '../source/source.ts';
import type { SourceSpec } from '../source/spec.ts';
import type { SourceStatus } from '../source/status-schema.ts';
import type { BoundSink } from '../steps/bind-sink.ts';
import type { EnsuredMessaging } from '../steps/ensure-messaging.ts';
import { readyOf, toConditions, type Verdict, type Verdicts } from './conditions.ts';
import { copyOf, writeStatus } from './record.ts';

/** What one pass has found out. */
export interface Findings {
  readonly verdicts: Verdicts;
  /** When it is not what the verdicts make it. */
  readonly ready?: Verdict;
  readonly spec?: SourceSpec;
  readonly messaging?: EnsuredMessaging;
  readonly resolved?: BoundSink['resolved'];
  readonly deadLetters?: string;
  readonly consumers?: number;
}

/** Writes the status unless it is the same, tells of changes by an event, and says when to look again. */
export async function report(source: Source, findings: Findings, parts: Parts): Promise<Next> {
  const ready = findings.ready ?? readyOf(findings.verdicts);
  const now = new Date(parts.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  const status = statusOf(source, findings, ready, now);
  if (!isDeepStrictEqual(status, source.status)) {
    await writeStatus(source, status, parts);
    await tell(source, ready, parts);
  }
  const settled = ready.status === 'True' && findings.messaging?.settled !== false;
  return settled ? { after: parts.options.resyncSeconds * 1000 } : 'failed';
}

function statusOf(source: Source, findings: Findings, ready: Verdict, now: string): SourceStatus {
  const { verdicts, spec, messaging, resolved, deadLetters, consumers = 0 } = findings;
  const before = source.status ?? {};
  const { subscription, queue } = messaging?.wanted ?? {};
  const made = messaging ? copyOf(messaging.made) : before.made;
  return {
    observedGeneration: source.metadata.generation,
    conditions: toConditions(verdicts, ready, before.conditions ?? [], now),
    ...resolved,
    ...(spec && { ceAttributes: CE_ATTRIBUTES }),
    ...(subscription && { topic: subscription.topic, subscription: subscription.name }),
    queue,
    deadLetters,
    made,
    consumers,
    selector: Object.entries(podLabels(keyOf(source)))
      .map(([name, value]) => `${name}=${value}`)
      .join(','),
  };
}

/** Once for every reason, so that `kubectl describe` shows how a source came to where it is. */
async function tell(source: Source, ready: Verdict, { record }: Parts): Promise<void> {
  const old = source.status?.conditions?.find(({ type }) => type === 'Ready');
  if (old?.status === ready.status && old.reason === ready.reason) return;
  if (ready.status === 'True') {
    await record(source, { type: 'Normal', reason: 'Ready', message: 'events reach the sink' });
  }
  if (ready.status === 'False') {
    await record(source, { type: 'Warning', reason: ready.reason!, message: ready.message! });
  }
}

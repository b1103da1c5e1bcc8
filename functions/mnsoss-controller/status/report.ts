import { isDeepStrictEqual } from 'node:util';
import type { ControllerDeps } from '../deps.ts';
import type { RequeueDecision } from '../kubernetes/workqueue.ts';
import { podLabels } from '../source/names.ts';
import { keyOf, type Source } from '../source/source.ts';
import type { SourceStatus } from '../source/status-schema.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { type ConditionState, type Conditions, readyOf, toConditions } from './conditions.ts';
import { writeStatus } from './record.ts';

/** The result of one pass. */
export interface Findings {
  readonly conditions: Conditions;
  /** `@default` what the conditions add up to */
  readonly ready?: ConditionState;
  /** The rest of the status. What is absent is removed from it. */
  readonly facts: Partial<SourceStatus>;
  /** False when MNS did not answer and has to be asked again soon. */
  readonly settled: boolean;
}

/** Writes the status if it has changed, records an event about that, and decides when to look again. */
export async function report(
  source: Source,
  findings: Findings,
  deps: ControllerDeps,
): Promise<RequeueDecision> {
  const ready = findings.ready ?? readyOf(findings.conditions);
  const now = new Date(deps.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  const status = statusOf(source, findings, ready, now);
  if (!isDeepStrictEqual(status, source.status)) {
    await writeStatus(source, status, deps);
    await recordChange(source, ready, deps);
  }
  const isSettled = ready.status === 'True' && findings.settled;
  return isSettled ? { after: deps.options.resyncSeconds * 1000 } : 'failed';
}

/** Without undefined fields, because it is compared with what the API server returns. */
function statusOf(
  source: Source,
  { conditions, facts }: Findings,
  ready: ConditionState,
  now: string,
): SourceStatus {
  return withoutUndefined({
    observedGeneration: source.metadata.generation,
    conditions: toConditions(conditions, ready, source.status?.conditions ?? [], now),
    consumers: 0,
    ...facts,
    selector: Object.entries(podLabels(keyOf(source)))
      .map(([name, value]) => `${name}=${value}`)
      .join(','),
  });
}

/** One event for each new reason, so that `kubectl describe` shows the history of a source. */
async function recordChange(
  source: Source,
  ready: ConditionState,
  { record }: ControllerDeps,
): Promise<void> {
  const old = source.status?.conditions?.find(({ type }) => type === 'Ready');
  if (old?.status === ready.status && old.reason === ready.reason) return;
  if (ready.status === 'True') {
    await record(source, { type: 'Normal', reason: 'Ready', message: 'events reach the sink' });
  }
  if (ready.status === 'False') {
    await record(source, { type: 'Warning', reason: ready.reason!, message: ready.message! });
  }
}

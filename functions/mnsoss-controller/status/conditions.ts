import type { Condition } from '../source/status-schema.ts';

/** Whether one thing that a source needs is there, with one word and one sentence for why not. */
export interface Verdict {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
}

export const fine: Verdict = { status: 'True' };
export const failed = (reason: string, message: string): Verdict => ({ status: 'False', reason, message });
export const pending = (reason: string, message: string): Verdict => ({ status: 'Unknown', reason, message });

/** What Ready is made of, in the order in which a person would look. */
export const CONDITION_TYPES = [
  'CredentialsProvided',
  'QueueReady',
  'DeadLetterSinkResolved',
  'SinkProvided',
  'SinkBindingReady',
  'Deployed',
] as const;

export type Verdicts = Readonly<Record<(typeof CONDITION_TYPES)[number], Verdict>>;

/** The same answer for everything, as when nothing could be looked at. */
export function allOf(verdict: Verdict): Verdicts {
  return Object.fromEntries(CONDITION_TYPES.map((type) => [type, verdict])) as Verdicts;
}

/** Ready is False when anything is, else Unknown when anything is, else True; it repeats the first reason. */
export function readyOf(verdicts: Verdicts): Verdict {
  const all = CONDITION_TYPES.map((type) => verdicts[type]);
  return (
    all.find(({ status }) => status === 'False') ?? all.find(({ status }) => status === 'Unknown') ?? fine
  );
}

/** A condition keeps its time while its status stays. */
export function toConditions(
  verdicts: Verdicts,
  ready: Verdict,
  before: readonly Condition[],
  now: string,
): Condition[] {
  const entries: [string, Verdict][] = [
    ['Ready', ready],
    ...CONDITION_TYPES.map((type): [string, Verdict] => [type, verdicts[type]]),
  ];
  return entries.map(([type, verdict]) => {
    const old = before.find((condition) => condition.type === type);
    const lastTransitionTime = old?.status === verdict.status ? old.lastTransitionTime : undefined;
    return { type, ...verdict, lastTransitionTime: lastTransitionTime ?? now };
  });
}

import type { Condition } from '../source/status-schema.ts';

/** Whether one thing that a source needs is there, and if not, one word and one sentence for the reason. */
export type ConditionState = Pick<Condition, 'status' | 'reason' | 'message'>;

/** Ready depends on these, in the order in which a person would look. */
export const CONDITION_TYPES = [
  'CredentialsProvided',
  'QueueReady',
  'DeadLetterSinkResolved',
  'SinkProvided',
  'SinkBindingReady',
  'Deployed',
] as const;

export type ConditionType = (typeof CONDITION_TYPES)[number];
export type Conditions = Readonly<Record<ConditionType, ConditionState>>;
export type Marked<Types extends ConditionType> = Pick<Conditions, Types>;

/** The result of one step of a pass. Conditions of later steps override those of earlier ones. */
export interface StepResult<Types extends ConditionType, Facts> {
  readonly conditions: Marked<Types>;
  readonly facts: Facts;
}

/** It is there. */
export const markTrue = <Type extends ConditionType>(type: Type) => mark(type, { status: 'True' });

/** It is not there, and a person has to act. */
export const markFalse = <Type extends ConditionType>(type: Type, reason: string, message: string) =>
  mark(type, { status: 'False', reason, message });

/** It is not there yet. */
export const markUnknown = <Type extends ConditionType>(type: Type, reason: string, message: string) =>
  mark(type, { status: 'Unknown', reason, message });

export function mark<Type extends ConditionType>(type: Type, state: ConditionState): Marked<Type> {
  return { [type]: state } as Marked<Type>;
}

/** The same state for every condition, as when nothing could be looked at. */
export function markAll(state: ConditionState): Conditions {
  return Object.fromEntries(CONDITION_TYPES.map((type) => [type, state])) as Conditions;
}

/** Ready is False when anything is, else Unknown when anything is, else True. It repeats the first reason. */
export function readyOf(conditions: Conditions): ConditionState {
  const all = CONDITION_TYPES.map((type) => conditions[type]);
  const first = (wanted: string) => all.find(({ status }) => status === wanted);
  return first('False') ?? first('Unknown') ?? { status: 'True' };
}

/** In the form of the status. A condition keeps its time while its status is the same. */
export function toConditions(
  conditions: Conditions,
  ready: ConditionState,
  before: readonly Condition[],
  now: string,
): Condition[] {
  const entries: [string, ConditionState][] = [
    ['Ready', ready],
    ...CONDITION_TYPES.map((type): [string, ConditionState] => [type, conditions[type]]),
  ];
  return entries.map(([type, state]) => {
    const old = before.find((condition) => condition.type === type);
    const lastTransitionTime = old?.status === state.status ? old.lastTransitionTime : undefined;
    return { type, ...state, lastTransitionTime: lastTransitionTime ?? now };
  });
}

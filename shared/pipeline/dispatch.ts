import type { OssObjectEvent } from '../envelope/event.ts';
import type { Enrolment } from './enrol.ts';
import type { EnrolmentOutcome } from './enrol-outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Pipeline, PipelineContext } from './process.ts';

export type DispatchOutcome = Outcome | EnrolmentOutcome;

/** Photos of people enrol them; every other image is searched for faces. */
export type Dispatch = (event: OssObjectEvent, context?: PipelineContext) => Promise<DispatchOutcome>;

export function createDispatch({
  recognize,
  enrol,
  peoplePrefix,
}: {
  readonly recognize: Pipeline;
  /** Absent when nobody is known: then the people prefix is like any other. */
  readonly enrol?: Enrolment;
  readonly peoplePrefix: string;
}): Dispatch {
  return (event, context) =>
    enrol && event.key.startsWith(peoplePrefix) ? enrol(event, context) : recognize(event, context);
}

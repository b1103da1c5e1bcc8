import type { OssObjectEvent } from '../envelope/event.ts';
import type { Clock } from '../runtime/clock.ts';
import { toAppError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/log.ts';
import type { Stage } from './outcome.ts';
import { serialize } from './serialize.ts';
import { createStopwatch, type Stopwatch } from './stopwatch.ts';

/** What an outcome holds besides its durations, which are added at the end. */
export type Verdict<O> = O extends unknown ? Omit<O, 'durations'> : never;

export interface EventWorkOptions<Outcome, Context> {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Events of one name are worked on one after another. */
  readonly nameOf: (event: OssObjectEvent) => string;
  readonly handle: (event: OssObjectEvent, watch: Stopwatch, context: Context) => Promise<Verdict<Outcome>>;
  /** Of the log line of an outcome, and of that of an event that has to come again. */
  readonly messages: { readonly done: string; readonly again: string };
}

/** Whatever is done about events is done in turn, timed, and logged in one line; what has to come again is thrown. */
export function createEventWork<
  Outcome extends { readonly durations: Partial<Record<Stage, number>> },
  Context extends object,
>({ clock, logger, nameOf, handle, messages }: EventWorkOptions<Outcome, Context>) {
  const oneAtATime = serialize();
  return async (event: OssObjectEvent, context: Context = {} as Context): Promise<Outcome> => {
    const watch = createStopwatch(clock);
    const started = clock.now();
    const line = { id: event.id, event: event.eventName, bucket: event.bucket, key: event.key };
    try {
      const verdict = await oneAtATime(nameOf(event), () => handle(event, watch, context));
      const outcome = { ...verdict, durations: watch.durations } as unknown as Outcome;
      logger.info({ ...line, ...outcome, ms: clock.now() - started }, messages.done);
      return outcome;
    } catch (thrown) {
      const error = toAppError(thrown);
      const { code, kind, message, details } = error;
      logger.warn(
        { ...line, code, kind, reason: message, details, durations: watch.durations },
        messages.again,
      );
      throw error;
    }
  };
}

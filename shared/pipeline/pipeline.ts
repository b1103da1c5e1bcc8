import type { OssObjectEvent } from '../envelope/event.ts';
import type { RuntimeDeps } from '../runtime/deps.ts';
import { toAppError } from '../runtime/errors.ts';
import type { Outcome, Result } from './outcome.ts';
import { type EventContext, type PictureTask, processPicture } from './process-picture.ts';
import { createStopwatch } from './stopwatch.ts';
import { createTurns } from './turns.ts';

/**
 * Processes one event. Resolves when the event needs no further delivery; throws a transient, throttled or
 * misconfigured `AppError` when the event must be delivered again.
 */
export type Pipeline<R = Result> = (event: OssObjectEvent, context?: EventContext) => Promise<Outcome<R>>;

export interface PipelineDeps<R> extends Pick<RuntimeDeps, 'clock' | 'logger'> {
  /** What to do with the picture of an event. */
  readonly taskFor: (event: OssObjectEvent) => PictureTask<R> | Promise<PictureTask<R>>;
}

/** Runs the task of each event: in turn with other events of its name, with its stages timed, and with one log line. */
export function createPipeline<R extends object>({ clock, logger, taskFor }: PipelineDeps<R>): Pipeline<R> {
  // Two events of one object must not write its results at the same time.
  const turns = createTurns();
  return async (event, context = {}) => {
    const stopwatch = createStopwatch(clock);
    const { durations } = stopwatch;
    const started = clock.monotonic();
    const line = { id: event.id, event: event.eventName, bucket: event.bucket, key: event.key };
    let task: PictureTask<R> | undefined;
    let endTurn = () => {};
    try {
      task = await taskFor(event);
      endTurn = await turns.take(task.turnOf(event));
      const result = await processPicture(event, task, stopwatch, context);
      const outcome = { ...result, durations } as Outcome<R>;
      logger.info({ ...line, ...outcome, ms: clock.monotonic() - started }, task.messages.done);
      return outcome;
    } catch (thrown) {
      const error = toAppError(thrown);
      const { code, kind, message, details } = error;
      const failed = task?.messages.failed ?? 'event not processed, to be delivered again';
      logger.warn({ ...line, code, kind, reason: message, details, durations }, failed);
      throw error;
    } finally {
      endTurn();
    }
  };
}

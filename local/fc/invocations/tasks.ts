import type { Clock } from '../../../shared/runtime/clock.ts';
import { FcRefusal } from '../errors.ts';

/** doc: the states of a task. */
export type TaskStatus =
  | 'Enqueued'
  | 'Running'
  | 'Retrying'
  | 'Succeeded'
  | 'Failed'
  | 'Stopped'
  | 'Stopping'
  | 'Expired';

export interface AsyncTask {
  readonly taskId: string;
  readonly requestId: string;
  readonly qualifier: string;
  /** The event as text. */
  readonly payload: string;
  readonly status: TaskStatus;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly retries: number;
  readonly error?: string;
  readonly returned?: string;
  /** Each change of the state, in order. */
  readonly events: readonly { readonly at: number; readonly status: TaskStatus }[];
}

/** What became of a task. */
export interface TaskEnding {
  readonly condition: string;
  readonly reason?: string;
  readonly result?: { readonly body: Buffer };
}

/** The asynchronous invocations that carry an id of their caller. They live as long as the process. */
export interface AsyncTasks {
  /** Throws `StatefulAsyncInvocationAlreadyExists` for an id that counts already. */
  add(name: string, task: Pick<AsyncTask, 'taskId' | 'requestId' | 'qualifier' | 'payload'>): void;
  /** The newest first. */
  list(name: string): readonly AsyncTask[];
  /** Throws `AsyncTaskNotFound`. */
  get(name: string, taskId: string): AsyncTask;
  /** Asks a task to stop: one that waits never runs, one that runs is killed. Throws `AsyncTaskNotFound`. */
  stop(name: string, taskId: string): void;
  isStopped(name: string, taskId: string | undefined): boolean;
  /** Marks a task as running and returns the signal that stops it. */
  start(name: string, taskId: string | undefined): AbortSignal | undefined;
  retry(name: string, taskId: string | undefined): void;
  end(name: string, taskId: string | undefined, ending: TaskEnding): void;
}

/** Tasks that are remembered for each function. */
const MAX_TASKS = 10_000;

const ENDED: Readonly<Record<string, TaskStatus>> = {
  Success: 'Succeeded',
  EventAgeExceeded: 'Expired',
  Stopped: 'Stopped',
};

interface Entry {
  task: AsyncTask;
  readonly stop: AbortController;
}

export function createAsyncTasks(clock: Clock): AsyncTasks {
  const functions = new Map<string, Map<string, Entry>>();

  const entryOf = (name: string, taskId: string | undefined): Entry | undefined =>
    taskId === undefined ? undefined : functions.get(name)?.get(taskId);
  const change = (entry: Entry | undefined, status: TaskStatus, fields: Partial<AsyncTask> = {}) => {
    if (!entry) return;
    const events = [...entry.task.events, { at: clock.now(), status }];
    entry.task = { ...entry.task, ...fields, status, events };
  };
  const known = (name: string, taskId: string): Entry => {
    const entry = entryOf(name, taskId);
    if (!entry)
      throw new FcRefusal('AsyncTaskNotFound', `task '${taskId}' of function '${name}' does not exist`);
    return entry;
  };

  return {
    add(name, task) {
      const tasks = functions.get(name) ?? new Map<string, Entry>();
      functions.set(name, tasks);
      // sdk: a task's id counts once; guess: the code is that of 2.0 in both versions.
      if (tasks.has(task.taskId)) {
        throw new FcRefusal('StatefulAsyncInvocationAlreadyExists', `task ${task.taskId} exists already`);
      }
      const now = clock.now();
      const events = [{ at: now, status: 'Enqueued' as const }];
      const whole: AsyncTask = { ...task, status: 'Enqueued', startedAt: now, retries: 0, events };
      tasks.set(task.taskId, { task: whole, stop: new AbortController() });
      if (tasks.size > MAX_TASKS) tasks.delete(tasks.keys().next().value!);
    },
    list: (name) => [...(functions.get(name)?.values() ?? [])].map(({ task }) => task).reverse(),
    get: (name, taskId) => known(name, taskId).task,
    stop(name, taskId) {
      const entry = known(name, taskId);
      if (entry.task.endedAt !== undefined) return;
      change(entry, 'Stopping');
      entry.stop.abort();
    },
    isStopped: (name, taskId) => entryOf(name, taskId)?.stop.signal.aborted ?? false,
    start(name, taskId) {
      const entry = entryOf(name, taskId);
      if (entry && entry.task.status !== 'Running') change(entry, 'Running');
      return entry?.stop.signal;
    },
    retry(name, taskId) {
      const entry = entryOf(name, taskId);
      change(entry, 'Retrying', { retries: (entry?.task.retries ?? 0) + 1 });
    },
    end(name, taskId, { condition, reason, result }) {
      const status = ENDED[condition] ?? 'Failed';
      const text = result?.body.toString();
      change(entryOf(name, taskId), status, {
        endedAt: clock.now(),
        error: status === 'Failed' ? (reason ?? text) : reason,
        returned: status === 'Succeeded' ? text : undefined,
      });
    },
  };
}

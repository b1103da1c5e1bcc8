import { join } from 'node:path';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Credentials } from '../../../shared/runtime/credentials.ts';
import type { Logger } from '../../../shared/runtime/log.ts';
import type { DataFolder } from '../../disk/data-folder.ts';
import { type JournalFiles, memoryJournal, openJournal } from '../../disk/journal.ts';
import { FcRefusal } from '../errors.ts';
import type { InvocationResult } from '../function.ts';
import type { FunctionStore } from '../store/function-store.ts';
import { type FunctionRecord, functionArn } from '../store/records.ts';
import type { SendToDestination } from './destinations.ts';
import { asyncConfigOf } from './resolve.ts';
import type { Runner, Target } from './run.ts';
import type { AsyncTasks } from './tasks.ts';

export interface AsyncInvocation extends Required<Target> {
  readonly requestId: string;
  /** Base64 */
  readonly event: string;
  /** Milliseconds since the epoch. */
  readonly acceptedAt: number;
  readonly taskId?: string;
}

export interface AsyncQueue {
  /** Resolves when the event is stored, and will run even after a restart. */
  accept(invocation: AsyncInvocation): Promise<void>;
  /** Resolves when all accepted events have been handled. */
  settled(): Promise<void>;
  /** Stops without waiting: what is not done runs after the next start. */
  close(): Promise<void>;
}

export interface AsyncQueueDeps {
  /** Without it, events are only in memory. */
  readonly data: DataFolder | undefined;
  readonly store: FunctionStore;
  readonly runner: Pick<Runner, 'run' | 'freed'>;
  readonly tasks: AsyncTasks;
  readonly sendToDestination: SendToDestination;
  readonly issueKeys: (role: string | undefined) => Credentials | undefined;
  readonly region: string;
  readonly accountId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether the platform itself fails this time: an injected fault. */
  readonly failsInside: () => boolean;
}

/** doc: three attempts after the first, and a day. */
const MAX_RETRIES = 3;
const MAX_AGE_SECONDS = 86_400;
/** doc: the first wait for a free instance, doubled each time; guess: its limit. */
const MIN_WAIT_MS = 500;
const MAX_WAIT_MS = 8000;

/** Why an event is not run again. doc: no system error is retried, only functions that fail, and full instances. */
type Ending =
  | { readonly condition: 'Success' | 'FunctionError'; readonly result: InvocationResult }
  | { readonly condition: 'EventAgeExceeded' | 'SystemError' | 'Stopped'; readonly reason: string };

type QueueRecord =
  | { readonly type: 'accepted'; readonly invocation: AsyncInvocation }
  | { readonly type: 'done'; readonly requestId: string };

/** Where the events are that are accepted and not done. Version 0.1 had none. */
export function asyncQueueFiles({ path }: Pick<DataFolder, 'path'>): JournalFiles {
  return { folder: join(path, 'fc/async'), fileV1: join(path, 'fc.journal') };
}

/** Runs each accepted event until it succeeds or no attempt is left, and then sends the destination a record. */
export async function openAsyncQueue(deps: AsyncQueueDeps): Promise<AsyncQueue> {
  const { data, store, runner, tasks, clock, logger } = deps;
  const running = new Set<Promise<void>>();
  const pending = new Map<string, AsyncInvocation>();
  const stop = new AbortController();
  const stopped = untilAborted(stop.signal);
  const journal =
    data === undefined
      ? memoryJournal<QueueRecord>()
      : await openJournal<QueueRecord>({
          ...asyncQueueFiles(data),
          data,
          apply(record) {
            if (record.type === 'accepted') pending.set(record.invocation.requestId, record.invocation);
            else pending.delete(record.requestId);
          },
          snapshot: () => [...pending.values()].map((invocation) => ({ type: 'accepted', invocation })),
        });

  async function work(invocation: AsyncInvocation): Promise<void> {
    const { requestId, name } = invocation;
    const { ending, attempts, isFinal } = await attemptAll(invocation);
    // The cloud stops before the event is done: it stays in the journal.
    if (!isFinal) return;
    const record = store.find(name);
    if (record) await report(record, invocation, ending, attempts);
    pending.delete(requestId);
    journal.note([{ type: 'done', requestId }]);
  }

  async function attemptAll(
    invocation: AsyncInvocation,
  ): Promise<{ ending: Ending; attempts: number; isFinal: boolean }> {
    const { requestId, taskId, name } = invocation;
    for (let attempts = 1; ; attempts++) {
      const ending = await attempt(invocation);
      const record = store.find(name);
      const retries = record
        ? (asyncConfigOf(record, invocation.qualifier).maxAsyncRetryAttempts ?? MAX_RETRIES)
        : 0;
      logger.info({ requestId, attempts, condition: ending.condition }, 'asynchronous invocation');
      const isFinal =
        ending.condition === 'Stopped'
          ? tasks.isStopped(name, taskId)
          : ending.condition !== 'FunctionError' || attempts > retries;
      if (isFinal) tasks.end(name, taskId, ending);
      if (isFinal || stop.signal.aborted) return { ending, attempts, isFinal };
      // guess: the next attempt follows at once; no document names a delay.
      tasks.retry(name, taskId);
    }
  }

  /** doc: waiting for an instance is not an attempt. */
  async function attempt(invocation: AsyncInvocation): Promise<Ending> {
    const { name, qualifier, requestId, event, acceptedAt, taskId } = invocation;
    for (let wait = MIN_WAIT_MS; ; wait = Math.min(wait * 2, MAX_WAIT_MS)) {
      if (stop.signal.aborted) return { condition: 'Stopped', reason: 'the cloud stops' };
      if (tasks.isStopped(name, taskId)) return { condition: 'Stopped', reason: 'the task was stopped' };
      const record = store.find(name);
      if (!record) return { condition: 'SystemError', reason: `function '${name}' does not exist any more` };
      const maxAge = asyncConfigOf(record, qualifier).maxAsyncEventAgeInSeconds ?? MAX_AGE_SECONDS;
      if (clock.now() - acceptedAt > maxAge * 1000) {
        return { condition: 'EventAgeExceeded', reason: `the event waited longer than ${maxAge} s` };
      }
      if (deps.failsInside()) return { condition: 'SystemError', reason: 'an internal error occurred' };
      // Before the attempt, so that a call that ends in between is not missed.
      const freed = runner.freed(name);
      try {
        const bytes = Buffer.from(event, 'base64');
        const result = await runner.run({ name, qualifier }, bytes, requestId, tasks.start(name, taskId));
        if (tasks.isStopped(name, taskId)) return { condition: 'Stopped', reason: 'the task was stopped' };
        if (result)
          return { condition: result.errorType === undefined ? 'Success' : 'FunctionError', result };
      } catch (error) {
        if (!(error instanceof FcRefusal)) logger.error({ requestId, name, err: error }, 'invocation failed');
        return { condition: 'SystemError', reason: error instanceof Error ? error.message : String(error) };
      }
      const later = new AbortController();
      await Promise.race([freed, clock.sleep(wait, later.signal).catch(() => {}), stopped]);
      later.abort();
    }
  }

  async function report(
    record: FunctionRecord,
    invocation: AsyncInvocation,
    ending: Ending,
    attempts: number,
  ): Promise<void> {
    const { onSuccess, onFailure } = asyncConfigOf(record, invocation.qualifier).destinationConfig ?? {};
    const arn = (ending.condition === 'Success' ? onSuccess : onFailure)?.destination;
    if (!arn) return;
    const keys = deps.issueKeys(record.latest.settings.role || undefined);
    await deps.sendToDestination(arn, recordOf(invocation, ending, attempts), keys);
  }

  /** doc: the body for destinations. guess: its conditions, and the response of a failure as text. */
  function recordOf({ name, event, requestId }: AsyncInvocation, ending: Ending, attempts: number): string {
    const isRun = 'result' in ending;
    return JSON.stringify({
      timestamp: clock.now(),
      requestContext: {
        requestId,
        functionArn: functionArn(deps, name),
        condition: ending.condition,
        approximateInvokeCount: attempts,
      },
      requestPayload: Buffer.from(event, 'base64').toString(),
      responseContext: {
        statusCode: isRun ? 200 : 500,
        functionError: isRun ? (ending.result.errorType ?? '') : ending.reason,
      },
      responsePayload: isRun ? ending.result.body.toString() : '',
    });
  }

  const begin = (invocation: AsyncInvocation) => {
    const { requestId, name } = invocation;
    const task = work(invocation).catch((error: unknown) => {
      // The event stays in the journal: the next start tries again.
      logger.error({ requestId, name, err: error }, 'destination not reached');
    });
    running.add(task);
    void task.then(() => running.delete(task));
  };
  for (const invocation of pending.values()) begin(invocation);

  return {
    async accept(invocation) {
      pending.set(invocation.requestId, invocation);
      await journal.append([{ type: 'accepted', invocation }]);
      begin(invocation);
    },
    async settled() {
      while (running.size > 0) await Promise.all(running);
    },
    async close() {
      // What is kept nowhere has to be done now.
      if (data === undefined) while (running.size > 0) await Promise.all(running);
      stop.abort();
      await Promise.all(running);
      await journal.close();
    },
  };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

import { isDeepStrictEqual } from 'node:util';
import type { Headers } from '../../http/headers.ts';
import { FcRefusal } from '../errors.ts';
import { readTriggerConfig } from '../settings/trigger.ts';
import type { FunctionStore } from '../store/function-store.ts';
import type { FunctionRecord, TriggerRecord } from '../store/records.ts';
import { startOssSource } from './event-bridge/oss-source.ts';
import { startQueueSource } from './event-bridge/queue-source.ts';
import { checkRole, checkTopic, startTopicTrigger, type TopicTrigger } from './mns-topic.ts';
import { checkOssRole, startOssTrigger } from './oss.ts';
import type { RunningTrigger, TriggerDeps, TriggerOf } from './runner.ts';
import { startTimerTrigger } from './timer.ts';

/** Keeps a running trigger for each one that is stored. */
export interface Triggers {
  /** Checks what a trigger needs before it is stored. Throws `FcRefusal`. */
  prepare(record: FunctionRecord, trigger: TriggerRecord): Promise<void>;
  /** Starts and stops triggers until they are those that are stored. */
  settle(): Promise<void>;
  /** Stops the triggers of a function that is about to be deleted. */
  removeAll(functionName: string): Promise<void>;
  /** Accepts a message that a topic pushed. Throws `FcRefusal`. */
  receivePush(
    path: { functionName: string; trigger: string; secret: string },
    body: Buffer,
    headers: Headers,
  ): Promise<void>;
  close(): Promise<void>;
}

interface Running {
  readonly trigger: TriggerRecord;
  readonly running: RunningTrigger | TopicTrigger;
}

export function createTriggers({
  store,
  ...deps
}: TriggerDeps & { readonly store: FunctionStore }): Triggers {
  const known = new Map<string, Running>();
  // Changes follow each other.
  let turn: Promise<unknown> = Promise.resolve();
  let closed = false;
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const next = turn.then(work, work);
    turn = next.catch(() => {});
    return next;
  };

  const sync = async () => {
    const wanted = new Map<string, TriggerOf>();
    for (const { name: functionName, triggers } of closed ? [] : store.list()) {
      for (const trigger of triggers)
        wanted.set(`${functionName}/${trigger.triggerName}`, { functionName, trigger });
    }
    for (const [key, { trigger, running }] of [...known]) {
      if (isDeepStrictEqual(wanted.get(key)?.trigger, trigger)) continue;
      known.delete(key);
      await running
        .stop()
        .catch((error: unknown) => deps.logger.warn({ key, err: error }, 'trigger did not stop'));
    }
    for (const [key, of] of wanted) {
      if (known.has(key)) continue;
      const running = await start(of, deps).catch((error: unknown) => {
        deps.logger.error({ key, err: error }, 'trigger cannot start');
      });
      if (running) known.set(key, { trigger: of.trigger, running });
    }
  };

  return {
    async prepare({ name: functionName }, trigger) {
      const of = { functionName, trigger };
      try {
        if (trigger.triggerType === 'oss') checkOssRole(of, deps);
        if (trigger.triggerType === 'mns_topic') checkRole(of, deps);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new FcRefusal('InvalidArgument', { message: `invocationRole: ${reason}`, cause: error });
      }
      if (trigger.triggerType === 'mns_topic') await checkTopic(of, deps);
    },
    settle: () => inTurn(sync),
    removeAll: (functionName) =>
      inTurn(async () => {
        for (const [key, { running }] of [...known]) {
          if (!key.startsWith(`${functionName}/`)) continue;
          known.delete(key);
          await running.stop();
        }
      }),
    async receivePush({ functionName, trigger, secret }, body, headers) {
      const running = known.get(`${functionName}/${trigger}`)?.running;
      if (!running || !('receive' in running)) throw new FcRefusal('TriggerNotFound');
      await running.receive(secret, body, headers);
    },
    close() {
      closed = true;
      return inTurn(sync);
    },
  };
}

async function start(of: TriggerOf, deps: TriggerDeps): Promise<RunningTrigger> {
  const read = readTriggerConfig(of.trigger);
  switch (read.type) {
    case 'oss':
      return startOssTrigger(of, read.config, deps);
    case 'mns_topic':
      return startTopicTrigger(of, read.config, deps);
    case 'timer':
      return startTimerTrigger(of, read.config, deps);
    case 'http':
      // It fires at the requests of its address.
      return { stop: async () => {} };
    case 'eventbridge':
      return read.config.eventSourceConfig.eventSourceType === 'MNS'
        ? startQueueSource(of, read.config, deps)
        : startOssSource(of, read.config, deps);
  }
}

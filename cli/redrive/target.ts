import { toCloudEvent } from '../../shared/envelope/cloud-event.ts';
import { openEnvelope } from '../../shared/envelope/open-envelope.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import { createFunctionCompute3Sink } from '../../shared/sinks/function-compute-3.ts';
import { createHttpSink } from '../../shared/sinks/http.ts';
import type { EventSink } from '../../shared/sinks/sink.ts';
import type { Letter } from './letter.ts';
import type { Place } from './place.ts';

const TIMEOUT_MS = 30_000;

/** Where letters go again. */
export interface Target {
  readonly name: string;
  /** Why it was not accepted; `undefined` when it was. */
  send(letter: Letter): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface TargetOptions {
  /** `mns:<queue>`, `fc:<function>` or a URL; absent: where each letter comes from. */
  readonly to: string | undefined;
  /** Where functions answer; the account's own endpoint when absent. */
  readonly functionEndpoint: string | undefined;
  readonly accountId: string | undefined;
}

/** Throws `ConfigInvalid` for a target that is none. */
export function openTarget(options: TargetOptions, place: Place): Target {
  if (options.to !== undefined) return namedTarget(options.to, options, place);
  const opened = new Map<string, Target>();
  return {
    name: 'where they come from',
    async send(letter) {
      const home = homeOf(letter);
      if (home === undefined) return 'nothing tells where it comes from: pass --to';
      const target = opened.get(home) ?? namedTarget(home, options, place);
      opened.set(home, target);
      return target.send(letter);
    },
    async close() {
      for (const target of opened.values()) await target.close();
    },
  };
}

/** `acs:fc:<region>:<account>:functions/<function>`, perhaps with a qualifier behind another slash. */
function homeOf({ home }: Letter): string | undefined {
  if (home?.kind === 'queue') return `mns:${home.queue}`;
  const [, name] = /:functions\/([^/]+)/.exec(home?.arn ?? '') ?? [];
  return name && `fc:${name}`;
}

function namedTarget(to: string, options: TargetOptions, place: Place): Target {
  const [, queueName] = /^mns:(.+)$/.exec(to) ?? [];
  if (queueName) {
    const queue = place.queue(queueName);
    return {
      name: to,
      async send({ body }) {
        await queue.send(body);
        return undefined;
      },
      close: async () => {},
    };
  }
  const [, functionName] = /^fc:(.+)$/.exec(to) ?? [];
  if (functionName) return eventTarget(functionSink(functionName, options, place));
  if (/^https?:\/\//.test(to))
    return eventTarget(createHttpSink({ url: to, timeoutMs: TIMEOUT_MS, clock: systemClock }));
  throw new AppError('ConfigInvalid', `${to} is neither mns:<queue>, fc:<function> nor a URL`);
}

/** Asynchronous, as the invocation was that failed: its retries and its destination apply again. */
function functionSink(functionName: string, options: TargetOptions, place: Place): EventSink {
  if (!options.accountId)
    throw new AppError(
      'ConfigInvalid',
      `fc:${functionName} needs the account: pass --account, or set FC_ACCOUNT_ID`,
    );
  return createFunctionCompute3Sink({
    region: place.region,
    accountId: options.accountId,
    functionName,
    invocation: 'async',
    endpoint: options.functionEndpoint,
    credentials: place.credentials,
    timeoutMs: TIMEOUT_MS,
    clock: systemClock,
    random: Math.random,
  });
}

/** An event keeps its id, so that what was done already is not done twice. */
function eventTarget(sink: EventSink): Target {
  return {
    name: sink.name,
    async send({ body }) {
      const { events, faults } = openEnvelope(body);
      if (faults.length > 0) return faults.map(({ error }) => `${error.code}: ${error.message}`).join('; ');
      for (const event of events) {
        const delivery = await sink.deliver(toCloudEvent(event), { signal: AbortSignal.timeout(TIMEOUT_MS) });
        if (delivery.result !== 'accepted') return delivery.reason;
      }
      return undefined;
    },
    close: () => sink.close(),
  };
}

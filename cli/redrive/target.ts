import { toCloudEvent } from '../../shared/envelope/cloud-event.ts';
import { openEnvelope } from '../../shared/envelope/open-envelope.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import { withoutSecrets } from '../../shared/runtime/without-secrets.ts';
import { createFunctionCompute3Sink } from '../../shared/sinks/function-compute-3.ts';
import { createHttpSink } from '../../shared/sinks/http.ts';
import type { EventSink } from '../../shared/sinks/sink.ts';
import type { CloudTarget } from './cloud-target.ts';
import type { Letter } from './letter.ts';

const TIMEOUT_MS = 30_000;

/** Receives letters again. */
export interface Target {
  readonly name: string;
  /** Resolves to the reason why the letter was not accepted; `undefined` when it was accepted. */
  send(letter: Letter): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface TargetOptions {
  /** `mns:<queue>`, `fc:<function>` or a URL. @default the origin of each letter */
  readonly to: string | undefined;
  /** Endpoint of Function Compute. @default the endpoint of the account */
  readonly functionEndpoint: string | undefined;
  readonly accountId: string | undefined;
}

/** Throws `ConfigInvalid` for an invalid target. */
export function openTarget(options: TargetOptions, cloud: CloudTarget): Target {
  if (options.to !== undefined) return namedTarget(options.to, options, cloud);
  const opened = new Map<string, Target>();
  return {
    name: 'where they come from',
    async send(letter) {
      const origin = originOf(letter);
      if (origin === undefined) return 'its origin is unknown: pass --to';
      const target = opened.get(origin) ?? namedTarget(origin, options, cloud);
      opened.set(origin, target);
      return target.send(letter);
    },
    async close() {
      for (const target of opened.values()) await target.close();
    },
  };
}

/** An ARN is `acs:fc:<region>:<account>:functions/<function>`, with an optional `/<qualifier>`. */
function originOf({ origin }: Letter): string | undefined {
  if (origin?.kind === 'queue') return `mns:${origin.queue}`;
  const [, name] = /:functions\/([^/]+)/.exec(origin?.arn ?? '') ?? [];
  return name && `fc:${name}`;
}

function namedTarget(to: string, options: TargetOptions, cloud: CloudTarget): Target {
  const [, queueName] = /^mns:(.+)$/.exec(to) ?? [];
  if (queueName) {
    const queue = cloud.queue(queueName);
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
  if (functionName) return eventTarget(functionSink(functionName, options, cloud));
  if (/^https?:\/\//.test(to))
    return eventTarget(createHttpSink({ url: to, timeoutMs: TIMEOUT_MS, clock: systemClock }));
  throw new AppError(
    'ConfigInvalid',
    `${withoutSecrets(to)} is neither mns:<queue>, fc:<function> nor a URL`,
  );
}

/** Asynchronous, like the failed invocation: its retries and its destination apply again. */
function functionSink(functionName: string, options: TargetOptions, cloud: CloudTarget): EventSink {
  if (!options.accountId)
    throw new AppError(
      'ConfigInvalid',
      `fc:${functionName} needs the account: pass --account, or set FC_ACCOUNT_ID`,
    );
  return createFunctionCompute3Sink({
    region: cloud.region,
    accountId: options.accountId,
    functionName,
    invocation: 'async',
    endpoint: options.functionEndpoint,
    credentials: cloud.credentials,
    timeoutMs: TIMEOUT_MS,
    clock: systemClock,
    random: Math.random,
  });
}

/** An event keeps its id: a record that was already processed is a duplicate. */
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

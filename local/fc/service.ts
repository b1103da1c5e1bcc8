import type { Clock } from '../../shared/runtime/clock.ts';
import type { Credentials } from '../../shared/runtime/credentials.ts';
import type { Random } from '../../shared/runtime/random.ts';
import { createKeyring } from '../access/keyring.ts';
import { dataFolderOf } from '../disk/data-folder.ts';
import type { ObjectChange } from '../events/object-change.ts';
import { hexId } from '../http/ids.ts';
import type { Service, ServiceOptions } from '../http/service.ts';
import { createAuthenticate } from './authenticate.ts';
import { FcRefusal } from './errors.ts';
import { createDestinations } from './invocations/destinations.ts';
import { type Invocations, openInvocations } from './invocations/index.ts';
import { createListener } from './listener.ts';
import { findRoute } from './routes.ts';
import { openCodeStore } from './store/code-store.ts';
import { type FunctionStore, openFunctionStore } from './store/function-store.ts';
import type { FunctionRecord, VersionRecord } from './store/records.ts';
import type { TemporaryBucket } from './temporary-bucket.ts';
import { createTriggers, type Triggers } from './triggers/index.ts';
import type { TriggerDeps } from './triggers/runner.ts';
import type { FunctionInvocations } from './types.ts';

/** One line of a function's log. */
export interface FunctionLog {
  readonly functionName: string;
  readonly versionId: string;
  readonly instanceId: string;
  readonly message: string;
}

export interface FunctionComputeOptions extends ServiceOptions {
  /** `http://127.0.0.1:<port>`; asked when a trigger or an answer needs it. */
  readonly url: () => string;
  readonly mnsUrl: string;
  /** Variables that every function gets, instead of those that it was deployed with. */
  readonly localEnvironment: () => Readonly<Record<string, string>>;
  /** The keys of a role, or without a role those that functions get here. Throws if the role cannot be assumed. */
  readonly issueKeys: (role: string | undefined) => Credentials | undefined;
  /** @default roles are not checked */
  readonly checkRole?: TriggerDeps['checkRole'];
  readonly onObjectChange?: (listener: (change: ObjectChange) => void) => () => void;
  /** @default nothing can be deployed */
  readonly temporaryBucket?: TemporaryBucket;
  /** Receives the log of a function that has a log configuration. @default nobody */
  readonly onLog?: (target: { project: string; logstore: string }, logs: readonly FunctionLog[]) => void;
  /** Whether an asynchronous invocation fails inside the platform: an injected fault. @default never */
  readonly failsInside?: () => boolean;
  /** Milliseconds after which an instance without a call ends. @default 300000 */
  readonly idleMs?: number;
}

export interface FunctionCompute extends Service {
  readonly store: FunctionStore;
  readonly triggers: Triggers;
  readonly invocations: FunctionInvocations;
}

/** guess: reports speak of three to five minutes. */
const IDLE_MS = 300_000;

/** Function Compute: its control plane, the deployed functions and their triggers. */
export async function createFunctionCompute(options: FunctionComputeOptions): Promise<FunctionCompute> {
  const { dataDir, region, clock, random, mnsUrl, idleMs = IDLE_MS, failsInside = () => false } = options;
  const keyring = createKeyring(options);
  const { accountId } = keyring.owner;
  const data = dataFolderOf(options);
  const store = await openFunctionStore(data);
  const code = await openCodeStore(dataDir);
  const newId = () => newRequestId(clock, random);
  const common = { ...options, data, accountId, newId, store, code, region };
  const sendToDestination = createDestinations({
    mnsUrl,
    clock,
    invokeAsync: (name, event) => invocations.invokeAsync({ name }, event),
  });
  const invocations: Invocations = await openInvocations({
    ...common,
    localEnvironment: options.localEnvironment(),
    issueKeys: (role) => keysOf(role, options),
    onLog: (record, version, lines) => writeLog(record, version, lines, options),
    sendToDestination,
    idleMs,
    failsInside,
  });
  const triggers = createTriggers({ ...common, invocations, credentials: keyring.owner });
  await triggers.settle();
  const authenticate = createAuthenticate(keyring, clock);
  return {
    listener: createListener({ ...common, invocations, triggers, authenticate }),
    operationOf: ({ method = '', url = '/' }) => findRoute(method, url)?.route.operation,
    refuse(_, response, kind) {
      const refusal = new FcRefusal(kind === 'error' ? 'InternalServerError' : 'Throttled', 'injected fault');
      const body = { Code: refusal.code, Message: refusal.message, RequestId: newId() };
      response.writeHead(refusal.status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    },
    store,
    triggers,
    invocations: {
      invoke: (name, event, qualifier) => invocations.invoke({ name, qualifier }, event),
      invokeAsync: (name, event, taskId) => invocations.invokeAsync({ name }, event, taskId),
      history: invocations.history,
      instances: (name) => invocations.instances(name).length,
      settled: invocations.settled,
    },
    async reset() {
      for (const { name } of store.list()) {
        await triggers.removeAll(name);
        await store.delete(name);
      }
      await code.sweep(new Set());
    },
    async close() {
      await triggers.close();
      await invocations.close();
      await code.close();
    },
  };
}

/** doc: a function whose role cannot be assumed is not invoked. */
function keysOf(role: string | undefined, { issueKeys }: FunctionComputeOptions): Credentials | undefined {
  try {
    return issueKeys(role);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FcRefusal('AccessDenied', {
      message: `the function's role cannot be assumed: ${reason}`,
      cause: error,
    });
  }
}

/** doc: one log for each line; no line of a function without a log configuration is kept. */
function writeLog(
  { name }: FunctionRecord,
  { settings }: VersionRecord,
  { text, instanceId, versionId }: { text: string; instanceId: string; versionId: string },
  { onLog }: FunctionComputeOptions,
): void {
  const { project, logstore } = settings.logConfig ?? {};
  if (!onLog || !project || !logstore) return;
  const lines = text.split('\n').filter((line) => line !== '');
  const common = { functionName: name, versionId, instanceId };
  onLog(
    { project, logstore },
    lines.map((message) => ({ ...common, message })),
  );
}

/** doc: `1-<seconds>-<8 digits>-<12 digits>`, in lower-case hex. */
function newRequestId(clock: Clock, random: Random): string {
  const seconds = Math.floor(clock.now() / 1000).toString(16);
  return `1-${seconds}-${hexId(random, 8)}-${hexId(random, 12)}`.toLowerCase();
}

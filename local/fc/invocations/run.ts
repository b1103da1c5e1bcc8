import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Credentials } from '../../../shared/runtime/credentials.ts';
import type { Random } from '../../../shared/runtime/random.ts';
import { FcRefusal } from '../errors.ts';
import type { InvocationResult } from '../function.ts';
import type { PassedAnswer, PassedRequest } from '../instances/instance.ts';
import type { Hook, InstanceConfig } from '../instances/instance-config.ts';
import { createPool, type InstanceInfo, type LogLines, type Pool } from '../instances/pool.ts';
import type { CodeStore } from '../store/code-store.ts';
import type { FunctionStore } from '../store/function-store.ts';
import type { FunctionRecord, VersionRecord } from '../store/records.ts';
import { resolveVersion } from './resolve.ts';

/** A function and one of its versions or aliases. */
export interface Target {
  readonly name: string;
  /** @default 'LATEST' */
  readonly qualifier?: string;
}

/** Runs functions now. */
export interface Runner {
  /** `undefined` if all instances are busy. Throws `FcRefusal` for what cannot run at all. */
  run(
    target: Target,
    event: Uint8Array,
    requestId: string,
    signal?: AbortSignal,
  ): Promise<InvocationResult | undefined>;
  /** Passes a request to a function whose runtime takes one; `'event'` if it wants an event. */
  pass(target: Target, request: PassedRequest, requestId: string): Promise<PassedAnswer | 'event'>;
  /** Finished runs, in order; the attempts of one asynchronous event share its request id. */
  history(name: string): readonly InvocationResult[];
  instances(name: string): readonly InstanceInfo[];
  /** Resolves when a call of the function has ended, or the function has changed. */
  freed(name: string): Promise<void>;
  close(): Promise<void>;
}

export interface RunnerDeps {
  readonly store: FunctionStore;
  readonly code: CodeStore;
  readonly region: string;
  readonly accountId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: () => string;
  /** The keys of a role, or without a role those that functions get here. Throws if the role cannot be assumed. */
  readonly issueKeys: (role: string | undefined) => Credentials | undefined;
  /** Variables that point a function at this cloud, instead of those that it was deployed with. */
  readonly localEnvironment: Readonly<Record<string, string>>;
  readonly onLog: (record: FunctionRecord, version: VersionRecord, lines: LogLines) => void;
  /** Milliseconds after which an idle instance ends. */
  readonly idleMs: number;
}

/** doc: instances per account and region. */
const MAX_INSTANCES = 100;
/** Finished runs that are remembered for each function. */
const MAX_HISTORY = 1000;
/** doc: seconds of the hooks. */
const HOOK_SECONDS = { initializer: 300, preStop: 90 } as const;

export function createRunner(deps: RunnerDeps): Runner {
  const { store, code, random, issueKeys } = deps;
  /** By function, then by version and the time of its last change. */
  const pools = new Map<string, Map<string, Pool>>();
  const opening = new Map<string, Promise<Pool>>();
  const closing = new Set<Promise<void>>();
  const histories = new Map<string, InvocationResult[]>();
  const waiting = new Map<string, (() => void)[]>();

  const poolsOf = (name: string): Map<string, Pool> => {
    const known = pools.get(name) ?? new Map<string, Pool>();
    pools.set(name, known);
    return known;
  };
  const wake = (name: string) => {
    const resolvers = waiting.get(name) ?? [];
    waiting.delete(name);
    for (const resolve of resolvers) resolve();
  };
  const discard = (pool: Pool) => {
    const done = pool.close();
    closing.add(done);
    void done.then(() => closing.delete(done));
  };

  /** Room for one more instance of the function, if need be in the place of an idle one of another version. */
  const mayStart = (name: string, own: string): boolean => {
    const siblings = [...poolsOf(name)];
    const limit = Math.min(store.find(name)?.reservedConcurrency ?? MAX_INSTANCES, MAX_INSTANCES);
    const count = () => sum(siblings.map(([, pool]) => pool.size()));
    const all = sum([...pools.values()].flatMap((known) => [...known.values()].map((pool) => pool.size())));
    if (all >= MAX_INSTANCES) return false;
    if (count() < limit) return true;
    return siblings.some(([key, pool]) => key !== own && pool.dropIdle()) && count() < limit;
  };

  const open = async (record: FunctionRecord, version: VersionRecord, key: string): Promise<Pool> => {
    const config = configOf(record, version, await code.folderOf(version.code), deps.localEnvironment);
    const pool = createPool(config, {
      ...deps,
      issueRoleKeys: () => issueKeys(version.settings.role || undefined),
      mayStart: () => mayStart(record.name, key),
      onLog: (lines) => deps.onLog(record, version, lines),
    });
    if (isCurrent(store.find(record.name), key)) poolsOf(record.name).set(key, pool);
    const ready = readyInstances(record, version.versionId);
    if (ready > 0) void pool.keepReady(ready);
    return pool;
  };
  /** The pool of a version as it is now. Between its answer and the next `await` nothing can replace it. */
  const poolOf = async (target: Target): Promise<Pool> => {
    for (;;) {
      const record = store.get(target.name);
      if (record.disabled !== undefined) {
        throw new FcRefusal('FunctionDisabled', `function '${record.name}' is disabled: ${record.disabled}`);
      }
      const version = resolveVersion(record, target.qualifier ?? '', random);
      const key = keyOf(version);
      const known = poolsOf(record.name).get(key);
      if (known) return known;
      const path = `${record.name}/${key}`;
      const pending = opening.get(path) ?? open(record, version, key).finally(() => opening.delete(path));
      opening.set(path, pending);
      await pending;
    }
  };

  const unsubscribe = store.onChange((name) => {
    const record = store.find(name);
    const known = poolsOf(name);
    for (const [key, pool] of [...known]) {
      if (isCurrent(record, key)) {
        void pool.keepReady(readyInstances(record!, key.split('@')[0]!));
        continue;
      }
      known.delete(key);
      discard(pool);
    }
    if (!record) {
      pools.delete(name);
      histories.delete(name);
    } else if (readyInstances(record, 'LATEST') > 0) void poolOf({ name });
    wake(name);
  });

  return {
    async run(target, event, requestId, signal) {
      const pool = await poolOf(target);
      const running = pool.invoke(event, requestId, signal);
      const result = await running?.finally(() => wake(target.name));
      if (!result) return undefined;
      const history = histories.get(target.name) ?? [];
      histories.set(target.name, history);
      history.push(result);
      if (history.length > MAX_HISTORY) history.shift();
      return result;
    },
    async pass(target, request, requestId) {
      const pool = await poolOf(target);
      if (!pool.passes) return 'event';
      const answer = await pool.pass(request, requestId)?.finally(() => wake(target.name));
      if (!answer) throw new FcRefusal('ResourceExhausted');
      return answer;
    },
    history: (name) => [...(histories.get(store.get(name).name) ?? [])],
    instances: (name) => [...poolsOf(store.get(name).name).values()].flatMap((pool) => pool.instances()),
    freed: (name) =>
      new Promise((resolve) => {
        waiting.set(name, [...(waiting.get(name) ?? []), resolve]);
      }),
    async close() {
      unsubscribe();
      for (const known of pools.values()) for (const pool of known.values()) discard(pool);
      pools.clear();
      await Promise.all(closing);
    },
  };
}

function keyOf({ versionId, modified }: VersionRecord): string {
  return `${versionId}@${modified}`;
}

function isCurrent(record: FunctionRecord | undefined, key: string): boolean {
  if (!record || record.disabled !== undefined) return false;
  return [record.latest, ...record.versions].some((version) => keyOf(version) === key);
}

/** doc: minimum instances, in either of two forms. */
function readyInstances({ scaling, provision }: FunctionRecord, versionId: string): number {
  const { minInstances = 0 } = scaling[versionId] ?? {};
  const { defaultTarget, target = 0 } = provision[versionId] ?? {};
  return Math.max(minInstances, defaultTarget ?? target);
}

function configOf(
  record: FunctionRecord,
  { versionId, settings }: VersionRecord,
  codeDir: string,
  localEnvironment: Readonly<Record<string, string>>,
): InstanceConfig {
  const { runtime, handler = '', environmentVariables = {}, timeout = 3, memorySize = 512 } = settings;
  const { instanceLifecycleConfig: hooks = {}, customRuntimeConfig: custom = {} } = settings;
  const isCustom = runtime.startsWith('custom');
  const hookOf = (name: keyof typeof HOOK_SECONDS): Hook | undefined => {
    const { handler: hook, command, timeout: timeoutSeconds = HOOK_SECONDS[name] } = hooks[name] ?? {};
    if (command?.length) throw new FcRefusal('NotImplemented', `the local cloud runs no command as ${name}`);
    return hook ? { handler: hook, timeoutSeconds } : undefined;
  };
  return {
    name: record.name,
    service: record.service,
    versionId,
    codeDir,
    handler,
    initializer: hookOf('initializer'),
    preStop: hookOf('preStop'),
    environment: withLocal(environmentVariables, localEnvironment),
    timeoutSeconds: timeout,
    memoryMb: memorySize,
    node: record.node,
    command: isCustom
      ? [...(custom.command?.length ? custom.command : ['/code/bootstrap']), ...(custom.args ?? [])]
      : undefined,
    port: custom.port,
    // doc: managed runtimes take one call at a time.
    concurrency: isCustom ? (settings.instanceConcurrency ?? 1) : 1,
  };
}

/** Options of Node add up; all other variables of the local cloud win. */
function withLocal(
  deployed: Readonly<Record<string, string>>,
  local: Readonly<Record<string, string>>,
): Record<string, string> {
  const options = [deployed.NODE_OPTIONS, local.NODE_OPTIONS].filter(Boolean).join(' ');
  return { ...deployed, ...local, ...(options && { NODE_OPTIONS: options }) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

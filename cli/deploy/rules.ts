import { access } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join, relative, resolve } from 'node:path';
import { readPollerOptions } from '../../functions/mns-poller/options.ts';
import { whyNotKeyPrefix } from '../../shared/oss/key-prefix.ts';
import { readPipelineOptions } from '../../shared/pipeline/options.ts';
import { readPeopleOptions } from '../../shared/pipeline/people/options.ts';
import { toAppError } from '../../shared/runtime/errors.ts';
import { type Deployed, refuse } from './deployment.ts';
import type { FunctionProps, TriggerProps } from './schema.ts';

export interface RuleContext {
  /** Folder of the template, to which `code` is relative. */
  readonly folder: string;
  /** Calls per second that the account may make of one FaceBody operation. */
  readonly facebodyQps: number;
}

/** A check that no schema expresses. Returns the faults that it finds, with the setting to change. */
type Rule = (fn: Deployed, all: readonly Deployed[], context: RuleContext) => string[] | Promise<string[]>;

type OssTrigger = Extract<TriggerProps, { triggerType: 'oss' }>;

/** doc: Function Compute allows 1 to 4 GB of memory per vCPU. */
const memoryFitsCpu: Rule = ({ props: { cpu, memorySize } }) => {
  const ratio = memorySize / 1024 / cpu;
  if (ratio >= 1 && ratio <= 4) return [];
  return [`memorySize ${memorySize} MB with cpu ${cpu}: choose 1 to 4 GB for each vCPU`];
};

const oneKindOfScaling: Rule = ({ props }) =>
  props.scalingConfig && props.provisionConfig
    ? ['scalingConfig and provisionConfig exclude each other: keep scalingConfig']
    : [];

const managedRuntimeIsSerial: Rule = ({ props: { runtime, instanceConcurrency = 1 } }) =>
  runtime.startsWith('custom') || instanceConcurrency === 1
    ? []
    : [`instanceConcurrency ${instanceConcurrency}: the runtime ${runtime} takes one call at a time`];

/** fc3 takes `auto` as the name of a role. */
const roleIsNamed: Rule = ({ props: { role } }) => {
  if (role === undefined) return ['role is missing: without one the function has no credentials'];
  if (role === 'auto') return ['role auto names a role that is called "auto": name one of your own'];
  if (role !== role.toLowerCase()) return [`role ${role}: it is lower-cased before it is looked up`];
  return [];
};

const handlersAreBuilt: Rule = async ({ props }, _, { folder }) => {
  const { code, handler, runtime, instanceLifecycleConfig } = props;
  if (runtime === 'custom-container' || typeof code === 'object') return [];
  if (code === undefined) return ['code is missing'];
  const home = resolve(folder, code);
  if (runtime.startsWith('custom')) return faultsOfCommand(home, props.customRuntimeConfig?.command);
  const { initializer, preStop } = instanceLifecycleConfig ?? {};
  const faults = await Promise.all(
    [handler ?? '', initializer?.handler, preStop?.handler].map((hook) => faultOfHandler(home, hook)),
  );
  return [...new Set(faults.flat())];
};

/** The build does not see the engine that an overlay chooses. */
const modelsAreBuilt: Rule = async ({ props: { code, environmentVariables = {} } }, _, { folder }) => {
  if (!isFaceRecognition(code) || environmentVariables.ENGINE !== 'local') return [];
  const models = resolve(folder, String(code), 'models');
  return (await exists(models)) ? [] : [`${models} is not there: run \`ENGINE=local npm run build\``];
};

/** The function would stop at its first event. Here the fault is found before anything is uploaded. */
const environmentIsValid: Rule = ({ props: { functionName, code, environmentVariables = {} } }) => {
  try {
    if (isPoller(code)) readPollerOptions(environmentVariables);
    else if (isFaceRecognition(code))
      readPeopleOptions(environmentVariables, readPipelineOptions(environmentVariables));
    return [];
  } catch (thrown) {
    const { code: errorCode, message } = toAppError(thrown);
    return [`environmentVariables of ${functionName}: ${errorCode}: ${message}`];
  }
};

/** The triggers must cover what the function works on, and must not cover its results. */
const prefixesAgree: Rule = ({ props: { code, triggers = [], environmentVariables = {} } }) => {
  const oss = triggers.filter(isOss);
  if (!isFaceRecognition(code) || oss.length === 0) return [];
  const {
    SOURCE_PREFIX = 'incoming/',
    RESULT_PREFIX = 'results/',
    RESULT_BUCKET,
    GALLERY = 'off',
    PEOPLE_PREFIX = 'people/',
  } = environmentVariables;
  const covers = (prefix: string) =>
    oss.some((trigger) => prefix.startsWith(trigger.triggerConfig.filter.key.prefix));
  const faults: string[] = [];
  if (!covers(SOURCE_PREFIX)) faults.push(`no OSS trigger covers SOURCE_PREFIX ${SOURCE_PREFIX}`);
  if (GALLERY !== 'off' && !covers(PEOPLE_PREFIX))
    faults.push(`no OSS trigger covers PEOPLE_PREFIX ${PEOPLE_PREFIX}: set TRIGGER=oss-with-people`);
  for (const { triggerName, sourceArn, triggerConfig } of oss) {
    const elsewhere = RESULT_BUCKET && bucketOf(sourceArn) !== RESULT_BUCKET;
    if (!elsewhere && RESULT_PREFIX.startsWith(triggerConfig.filter.key.prefix))
      faults.push(
        `the trigger ${triggerName} watches ${triggerConfig.filter.key.prefix || 'the whole bucket'}, where results go ` +
          `(${RESULT_PREFIX}): each result would trigger the function again, forever`,
      );
  }
  return faults;
};

/** Such a trigger would never fire. */
const triggerPrefixesAreKeyPrefixes: Rule = ({ props: { triggers = [] } }) =>
  triggers.filter(isOss).flatMap(({ triggerName, triggerConfig: { filter } }) => {
    const why = whyNotKeyPrefix(filter.key.prefix);
    if (why === undefined) return [];
    return [`the trigger ${triggerName} has the prefix ${JSON.stringify(filter.key.prefix)}: ${why}`];
  });

/** doc: OSS rejects two notifications for the same event of the same object. */
const ossTriggersAreDisjoint: Rule = (fn, all) => {
  const others = all.slice(all.indexOf(fn) + 1).flatMap(({ props }) => (props.triggers ?? []).filter(isOss));
  const own = (fn.props.triggers ?? []).filter(isOss);
  return own.flatMap((trigger, index) =>
    [...own.slice(index + 1), ...others]
      .filter((other) => overlap(trigger, other))
      .map((other) => `OSS triggers ${trigger.triggerName} and ${other.triggerName} watch the same objects`),
  );
};

const triggerNamesDiffer: Rule = ({ props: { triggers = [] } }) => {
  const names = triggers.map(({ triggerName }) => triggerName);
  return names
    .filter((name, index) => names.indexOf(name) !== index)
    .map((name) => `two triggers are called ${name}`);
};

const functionNamesDiffer: Rule = (fn, all) =>
  all.some((other) => other !== fn && other.props.functionName === fn.props.functionName)
    ? [`two functions are called ${fn.props.functionName}`]
    : [];

/** Every instance paces itself, so all instances together must fit the account's quota. */
const paceFitsQuota: Rule = (
  { props: { concurrencyConfig, environmentVariables = {}, code } },
  _,
  context,
) => {
  if (!isFaceRecognition(code) || environmentVariables.ENGINE !== 'facebody') return [];
  const instances = concurrencyConfig?.reservedConcurrency;
  if (instances === undefined)
    return [
      'concurrencyConfig.reservedConcurrency is missing: an unlimited number of instances exceeds the quota of FaceBody',
    ];
  const qps = Number(environmentVariables.FACEBODY_QPS ?? 2);
  if (instances * qps <= context.facebodyQps + 1e-9) return [];
  return [
    `${instances} instances at FACEBODY_QPS ${qps} exceed the account's ${context.facebodyQps} calls a second: ` +
      `set FACEBODY_QPS to ${context.facebodyQps / instances}, or FACEBODY_ACCOUNT_QPS if the account may do more`,
  ];
};

/** The timeouts of the poller, of its sink and of the function must fit into each other. */
const pollerOutwaitsFunction: Rule = ({ props: { code, environmentVariables = {}, timeout } }, all) => {
  if (!isPoller(code)) return [];
  const sink = all.find(({ props }) => props.functionName === environmentVariables.SINK_FUNCTION);
  const wait = Number(environmentVariables.SINK_TIMEOUT_SECONDS ?? 120);
  const faults: string[] = [];
  if (sink && wait < sink.props.timeout)
    faults.push(
      `SINK_TIMEOUT_SECONDS ${wait} is below the timeout ${sink.props.timeout} of ${sink.name}: images would be processed twice`,
    );
  if (timeout <= wait) faults.push(`timeout ${timeout} leaves no time for SINK_TIMEOUT_SECONDS ${wait}`);
  return faults;
};

const RULES: readonly Rule[] = [
  memoryFitsCpu,
  oneKindOfScaling,
  managedRuntimeIsSerial,
  roleIsNamed,
  handlersAreBuilt,
  modelsAreBuilt,
  environmentIsValid,
  prefixesAgree,
  triggerPrefixesAreKeyPrefixes,
  ossTriggersAreDisjoint,
  triggerNamesDiffer,
  functionNamesDiffer,
  paceFitsQuota,
  pollerOutwaitsFunction,
];

/** Throws `ConfigInvalid` with every fault, each beginning with the name of its resource. */
export async function checkDeployment(deployed: readonly Deployed[], context: RuleContext): Promise<void> {
  const faults: string[] = [];
  for (const fn of deployed) {
    for (const rule of RULES) {
      for (const fault of await rule(fn, deployed, context)) faults.push(`${fn.name}: ${fault}`);
    }
  }
  refuse(faults);
}

/** Faults of stages that are deployed beside each other: functions of one account share its quota and its queues. */
export function faultsTogether(
  deployed: readonly Deployed[],
  { facebodyQps }: { facebodyQps: number },
): string[] {
  // A template that changes a function of another one replaces it.
  const functions = [...new Map(deployed.map((fn) => [fn.props.functionName, fn])).values()];
  const pollers = functions.filter(({ props }) => isPoller(props.code));
  return [
    ...paceTogether(functions, facebodyQps),
    ...shared('role', functions, ({ props }) => props.role, 'a policy for one bucket does not fit both'),
    ...shared(
      'MNS_QUEUE',
      pollers,
      ({ props }) => props.environmentVariables?.MNS_QUEUE,
      'each would take messages of the other',
    ),
  ];
}

function paceTogether(functions: readonly Deployed[], facebodyQps: number): string[] {
  const paced = functions.filter(
    ({ props }) => isFaceRecognition(props.code) && props.environmentVariables?.ENGINE === 'facebody',
  );
  const qps = paced.map(({ props: { environmentVariables, concurrencyConfig } }) => {
    return Number(environmentVariables?.FACEBODY_QPS ?? 2) * (concurrencyConfig?.reservedConcurrency ?? 1);
  });
  const sum = qps.reduce((total, each) => total + each, 0);
  if (paced.length < 2 || sum <= facebodyQps + 1e-9) return [];
  const names = paced.map(({ props }, index) => `${props.functionName} ${qps[index]}`).join(', ');
  return [
    `${names}: together ${sum} of the account's ${facebodyQps} calls of FaceBody a second: set FACEBODY_DEV_QPS for all stages`,
  ];
}

/** Functions that have the same value where each needs its own. */
function shared(
  what: string,
  functions: readonly Deployed[],
  ofFunction: (fn: Deployed) => string | undefined,
  why: string,
): string[] {
  return functions.flatMap((fn, index) => {
    const value = ofFunction(fn);
    const other = functions.slice(index + 1).find((it) => ofFunction(it) === value);
    if (value === undefined || !other) return [];
    return [`${fn.props.functionName} and ${other.props.functionName} share ${what} ${value}: ${why}`];
  });
}

function isOss(trigger: TriggerProps): trigger is OssTrigger {
  return trigger.triggerType === 'oss';
}

function isPoller(code: FunctionProps['code']): boolean {
  return typeof code === 'string' && code.endsWith('/mns-poller');
}

function isFaceRecognition(code: FunctionProps['code']): boolean {
  return typeof code === 'string' && code.endsWith('/face-recognition');
}

/** `acs:oss:<region>:<account>:<bucket>` */
function bucketOf(sourceArn: string): string {
  return sourceArn.slice(sourceArn.lastIndexOf(':') + 1);
}

function overlap(a: OssTrigger, b: OssTrigger): boolean {
  const [keyA, keyB] = [a.triggerConfig.filter.key, b.triggerConfig.filter.key];
  const nested = (one: string, other: string, within: 'startsWith' | 'endsWith') =>
    one[within](other) || other[within](one);
  return (
    a.sourceArn === b.sourceArn &&
    nested(keyA.prefix, keyB.prefix, 'startsWith') &&
    nested(keyA.suffix, keyB.suffix, 'endsWith') &&
    a.triggerConfig.events.some((event) => b.triggerConfig.events.some((other) => sameEvent(event, other)))
  );
}

function sameEvent(a: string, b: string): boolean {
  const family = (event: string) => event.slice(0, event.lastIndexOf(':'));
  return a === b || ((a.endsWith(':*') || b.endsWith(':*')) && family(a) === family(b));
}

/** `index.handler` is the export `handler` of `index.js`. */
async function faultOfHandler(home: string, handler: string | undefined): Promise<string[]> {
  if (handler === undefined) return [];
  const [file = '', name = ''] = handler.split('.');
  const entry = join(home, `${file}.js`);
  if (!(await exists(entry))) return [notBuilt(entry)];
  try {
    const exported = createRequire(entry)(entry) as Record<string, unknown>;
    return typeof exported[name] === 'function' ? [] : [`handler ${handler}: ${entry} exports no ${name}`];
  } catch (thrown) {
    return [`handler ${handler}: ${entry} cannot be loaded: ${toAppError(thrown).message}`];
  }
}

/** doc: a custom runtime finds its code in `/code`. */
async function faultsOfCommand(home: string, command: readonly string[] = []): Promise<string[]> {
  if (!(await exists(home))) return [notBuilt(home)];
  const programs = command.filter((word) => word.startsWith('/code/'));
  const files = programs.map((path) => join(home, relative('/code', path)));
  const areBuilt = await Promise.all(files.map(exists));
  return files.filter((_, index) => !areBuilt[index]).map(notBuilt);
}

function notBuilt(path: string): string {
  const build = basename(path) === 'node' ? 'npm run build -- --node 24' : 'npm run build';
  return `${path} does not exist: run \`${build}\``;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

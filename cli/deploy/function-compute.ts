import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError } from '../../shared/runtime/errors.ts';
import { isServiceCode } from '../open-api.ts';
import type { AccountAccess } from './account.ts';
import type { Deployed } from './deployment.ts';
import type { LogTarget } from './log-project.ts';
import type { FunctionProps, TriggerProps } from './schema.ts';

/** What was done to one function. */
export interface DeployedResult {
  readonly functionName: string;
  readonly outcome: 'created' | 'updated';
  readonly triggers: readonly string[];
  /** Triggers of an earlier deployment that the template does not have. */
  readonly removedTriggers: readonly string[];
  /** Addresses of HTTP triggers. */
  readonly urls: readonly string[];
}

export interface DeployOptions {
  readonly account: AccountAccess;
  /** Folder of the template, to which `code` is relative. */
  readonly folder: string;
  /** For functions with `logConfig: auto`. */
  readonly logs: LogTarget;
}

const VERSION = '2023-03-30';

/** Deploys one function of a template with its triggers and configurations, as `s deploy -y` does. */
export async function deployFunction(
  { props }: Deployed,
  { account, folder, logs }: DeployOptions,
): Promise<DeployedResult> {
  const { functionName } = props;
  const path = `/${VERSION}/functions/${functionName}`;
  const fc = fcOf(account);
  const settings = settingsOf(props, account.accountId, logs);
  const exists = await fc('GetFunction', 'GET', path).then(
    () => true,
    (error: unknown) => {
      if (isServiceCode(error, 'FunctionNotFound')) return false;
      throw error;
    },
  );
  const body = { ...settings, code: { zipFile: await zipOf(props, folder) } };
  if (exists) await fc('UpdateFunction', 'PUT', path, body);
  else await fc('CreateFunction', 'POST', `/${VERSION}/functions`, { ...body, functionName });
  const triggers = await deployTriggers(props, path, account);
  const { asyncInvokeConfig, concurrencyConfig } = props;
  if (asyncInvokeConfig) {
    const { qualifier = 'LATEST', ...config } = asyncInvokeConfig;
    await fc('PutAsyncInvokeConfig', 'PUT', `${path}/async-invoke-config`, config, { qualifier });
  }
  if (concurrencyConfig) await fc('PutConcurrencyConfig', 'PUT', `${path}/concurrency`, concurrencyConfig);
  return { functionName, outcome: exists ? 'updated' : 'created', ...triggers };
}

/** The names of the triggers that a function has. */
export async function triggerNames(functionName: string, account: AccountAccess): Promise<string[]> {
  const path = `/${VERSION}/functions/${functionName}/triggers`;
  const answer = await fcOf(account)('ListTriggers', 'GET', path, undefined, { limit: '100' });
  return (answer as { triggers: { triggerName: string }[] }).triggers.map(({ triggerName }) => triggerName);
}

/** The settings of a deployed function; `undefined` if there is none. */
export async function findFunction(
  functionName: string,
  account: AccountAccess,
): Promise<Record<string, unknown> | undefined> {
  try {
    const path = `/${VERSION}/functions/${functionName}`;
    return (await fcOf(account)('GetFunction', 'GET', path)) as Record<string, unknown>;
  } catch (error) {
    if (isServiceCode(error, 'FunctionNotFound')) return undefined;
    throw error;
  }
}

async function deployTriggers(
  { functionName, triggers = [] }: FunctionProps,
  path: string,
  account: AccountAccess,
): Promise<Pick<DeployedResult, 'triggers' | 'removedTriggers' | 'urls'>> {
  const fc = fcOf(account);
  const present = await triggerNames(functionName, account);
  const wanted = triggers.map(({ triggerName }) => triggerName);
  const removedTriggers = present.filter((name) => !wanted.includes(name));
  // First what goes: two triggers must not watch the same objects.
  for (const name of removedTriggers) await fc('DeleteTrigger', 'DELETE', `${path}/triggers/${name}`);
  const urls: string[] = [];
  for (const trigger of triggers) {
    const body = triggerBody(trigger, account.accountId);
    const { triggerName: name, triggerType: type } = trigger;
    const answer = present.includes(name)
      ? await fc('UpdateTrigger', 'PUT', `${path}/triggers/${name}`, body)
      : await fc('CreateTrigger', 'POST', `${path}/triggers`, {
          ...body,
          triggerName: name,
          triggerType: type,
        });
    const url = (answer as { httpTrigger?: { urlInternet: string } }).httpTrigger?.urlInternet;
    if (url !== undefined) urls.push(url);
  }
  return { triggers: wanted, removedTriggers, urls };
}

/** doc: the roles with which OSS and MNS invoke functions. */
const TRIGGER_ROLES: Readonly<Record<string, string>> = {
  oss: 'aliyunosseventnotificationrole',
  mns_topic: 'aliyunmnsnotificationrole',
};

function triggerBody(trigger: TriggerProps, accountId: string): object {
  const { triggerType, triggerConfig, description = '', qualifier = 'LATEST' } = trigger;
  const role = TRIGGER_ROLES[triggerType];
  return {
    description,
    qualifier,
    triggerConfig: JSON.stringify(triggerConfig),
    sourceArn: 'sourceArn' in trigger ? trigger.sourceArn : undefined,
    invocationRole: trigger.invocationRole ?? (role && `acs:ram::${accountId}:role/${role}`),
  };
}

function settingsOf(props: FunctionProps, accountId: string, logs: LogTarget): object {
  const { role = '', logConfig, runtime } = props;
  const isCustom = runtime.startsWith('custom');
  return {
    description: props.description,
    runtime,
    // The API wants one, also where nothing is called by it.
    handler: isCustom ? (props.handler ?? 'handler') : props.handler,
    cpu: props.cpu,
    memorySize: props.memorySize,
    diskSize: props.diskSize,
    timeout: props.timeout,
    instanceConcurrency: props.instanceConcurrency,
    role: (role.startsWith('acs:') ? role : `acs:ram::${accountId}:role/${role}`).toLowerCase(),
    environmentVariables: props.environmentVariables,
    instanceLifecycleConfig: props.instanceLifecycleConfig,
    customRuntimeConfig: isCustom ? props.customRuntimeConfig : undefined,
    tracingConfig: props.tracingConfig,
    internetAccess: props.internetAccess ?? true,
    logConfig: logConfig === 'auto' ? { ...logs, logBeginRule: 'DefaultRegex', ...METRICS } : logConfig,
  };
}

const METRICS = { enableRequestMetrics: true, enableInstanceMetrics: true } as const;

/** The zip beside the folder of the code, which the build writes, in Base64. */
async function zipOf({ code }: FunctionProps, folder: string): Promise<string> {
  const path = `${resolve(folder, String(code))}.zip`;
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new AppError('ConfigInvalid', `${path} does not exist: run npm run build`, { cause });
  });
  return bytes.toString('base64');
}

function fcOf({ api, endpoints }: AccountAccess) {
  return (
    action: string,
    method: string,
    path: string,
    body?: object,
    query?: Readonly<Record<string, string>>,
  ) => api.call({ endpoint: endpoints.fc, action, version: VERSION, method, path, body, query });
}

import { resolve } from 'node:path';
import { type Deployed, readDeployment } from '../../cli/deploy/deployment.ts';
import type { FunctionConfig, OssTrigger } from '../../local/fc/index.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import { asLocalFunction, ossTriggersOf } from './as-local-function.ts';
import type { InvocationCloud } from './cloud.ts';

/** The bucket of a template that is told no other. */
const BUCKET = 'photos';

export interface FunctionSettings {
  readonly cloud: InvocationCloud;
  /** The Serverless Devs template. */
  readonly template: string;
  /** Folder of the bundles. */
  readonly outdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
  readonly memoryMb?: number;
  readonly node?: string;
}

/** The functions of a template that an invocation of one of them uses. */
export interface DeployedFunctions {
  readonly names: readonly string[];
  readonly bucket: string;
  /** Queues that the functions read or write. */
  readonly queues: readonly string[];
  /** The queue that the invoked function reads. */
  readonly source: string | undefined;
  readonly ossTriggers: readonly OssTrigger[];
  configs(fcUrl: string): FunctionConfig[];
}

/** Reads the template as `s deploy` would. Throws `ConfigInvalid` for a function that it does not have. */
export async function deployedFunctions(
  functionName: string,
  settings: FunctionSettings,
): Promise<DeployedFunctions> {
  const { cloud, template, outdir, node } = settings;
  const env = { OSS_BUCKET: BUCKET, ...process.env, REGION: cloud.region };
  const deployed = await readDeployment(template, { env, accountId: cloud.accountId });
  const invoked = deployed.find(({ name }) => name === functionName);
  if (!invoked) {
    const names = deployed.map(({ name }) => name).join(' or ');
    throw new AppError('ConfigInvalid', `expected the function ${names}, not ${functionName}`);
  }
  const reached = [invoked, ...sinksOf(invoked, deployed)];
  const configOf = (fn: Deployed, fcUrl: string): FunctionConfig => {
    const environment = { ...localAddresses(cloud, fcUrl), ...(fn === invoked ? settings.env : {}) };
    const config = asLocalFunction(fn, { codeDir: resolve(outdir, fn.name), environment, node });
    // The limits that the caller gives are for the function that it names.
    if (fn !== invoked) return config;
    const { timeoutSeconds = config.timeoutSeconds, memoryMb = config.memoryMb } = settings;
    return { ...config, timeoutSeconds, memoryMb };
  };
  return {
    names: reached.map(({ name }) => name),
    bucket: env.OSS_BUCKET,
    queues: [...new Set(reached.flatMap(queuesOf))],
    source: invoked.props.environmentVariables?.MNS_QUEUE,
    ossTriggers: ossTriggersOf(invoked),
    configs: (fcUrl) => reached.map((fn) => configOf(fn, fcUrl)),
  };
}

/** The functions that a function invokes itself. */
function sinksOf({ props }: Deployed, all: readonly Deployed[]): Deployed[] {
  const sink = props.environmentVariables?.SINK_FUNCTION;
  return all.filter((other) => other.props.functionName === sink);
}

function queuesOf({ props: { environmentVariables = {}, asyncInvokeConfig } }: Deployed): string[] {
  const { MNS_QUEUE, DEAD_LETTERS } = environmentVariables;
  const { onSuccess, onFailure } = asyncInvokeConfig?.destinationConfig ?? {};
  const destinations = [onSuccess, onFailure].map(
    (target) => /\/queues\/([^/]+)\//.exec(target?.destination ?? '')?.[1],
  );
  return [MNS_QUEUE, /^mns:(.+)$/.exec(DEAD_LETTERS ?? '')?.[1], ...destinations].filter(
    (name) => name !== undefined,
  );
}

/** The addresses that a deployed function gets in the local cloud too. */
function localAddresses({ oss, mns, facebody }: InvocationCloud, fcUrl: string): Record<string, string> {
  return {
    OSS_ENDPOINT: oss.url,
    OSS_INTERNAL: 'false',
    MNS_ENDPOINT: mns.url,
    SINK_ENDPOINT: fcUrl,
    // MNS answers at once when the queue is empty, without a long poll.
    WAIT_SECONDS: '0',
    ...(facebody !== undefined && {
      FACEBODY_ENDPOINT: facebody,
      FACEBODY_UPLOAD_ENDPOINT: facebody,
      FACEBODY_PROTOCOL: 'HTTP',
    }),
  };
}

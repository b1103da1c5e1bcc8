import type { Deployed } from '../../cli/deploy/deployment.ts';
import type { TriggerProps } from '../../cli/deploy/schema.ts';
import type { FunctionConfig, OssTrigger } from '../../local/fc/index.ts';

export interface LocalPlacement {
  /** Absolute path of the folder with the code. */
  readonly codeDir: string;
  /** Variables that win over those of the template: addresses of the local cloud. */
  readonly environment: Readonly<Record<string, string>>;
  /** Path of the Node that runs the managed runtime. @default the Node of this process */
  readonly node?: string;
}

/** What a template deploys, for a Function Compute beside a cloud: one description for both. */
export function asLocalFunction(
  { props }: Deployed,
  { codeDir, environment, node }: LocalPlacement,
): FunctionConfig {
  const { instanceLifecycleConfig = {}, asyncInvokeConfig = {}, customRuntimeConfig = {} } = props;
  const { initializer, preStop } = instanceLifecycleConfig;
  const { onSuccess, onFailure } = asyncInvokeConfig.destinationConfig ?? {};
  return {
    name: props.functionName,
    codeDir,
    handler: props.handler ?? 'index.handler',
    initializer: initializer?.handler,
    preStop: preStop?.handler,
    environment: { ...props.environmentVariables, ...environment },
    timeoutSeconds: props.timeout,
    memoryMb: props.memorySize,
    node,
    maxInstances: props.concurrencyConfig?.reservedConcurrency,
    command: props.runtime.startsWith('custom') ? customRuntimeConfig.command : undefined,
    instanceConcurrency: props.instanceConcurrency,
    async: {
      maxRetries: asyncInvokeConfig.maxAsyncRetryAttempts,
      maxAgeSeconds: asyncInvokeConfig.maxAsyncEventAgeInSeconds,
      onSuccess: onSuccess?.destination,
      onFailure: onFailure?.destination,
    },
  };
}

/** The OSS triggers of a template. */
export function ossTriggersOf({ props: { functionName, triggers = [] } }: Deployed): OssTrigger[] {
  return triggers
    .filter(
      (trigger): trigger is Extract<TriggerProps, { triggerType: 'oss' }> => trigger.triggerType === 'oss',
    )
    .map(({ triggerName, sourceArn, triggerConfig: { events, filter } }) => ({
      name: triggerName,
      functionName,
      bucket: sourceArn.slice(sourceArn.lastIndexOf(':') + 1),
      events,
      ...filter.key,
    }));
}

import { existsSync } from 'node:fs';
import type { CredentialProvider } from '../../shared/runtime/credentials.ts';
import type { RuntimeDeps } from '../../shared/runtime/deps.ts';
import { parseCeOverrides } from '../../shared/sinks/ce-overrides.ts';
import type { EventSink } from '../../shared/sinks/sink.ts';
import { createTokenFile } from '../../shared/sinks/token-file.ts';
import type { PollerOptions } from './options.ts';

export interface SinkDeps extends Pick<RuntimeDeps, 'clock' | 'random'> {
  readonly credentials: CredentialProvider;
}

/** A SinkBinding mounts the token here, if the sink has an audience. */
const KNATIVE_TOKEN = '/oidc/token';

/** Creates the sink of the options. The code of a kind of sink is loaded only when it is chosen. */
export async function createSink(options: PollerOptions, deps: SinkDeps): Promise<EventSink> {
  const timeoutMs = options.sinkTimeoutSeconds * 1000;
  if (options.sink) {
    const { createHttpSink } = await import('../../shared/sinks/http.ts');
    const tokenFile = options.sinkTokenFile ?? (existsSync(KNATIVE_TOKEN) ? KNATIVE_TOKEN : undefined);
    const token = tokenFile === undefined ? undefined : createTokenFile(tokenFile, deps.clock);
    await token?.();
    return createHttpSink({
      url: options.sink,
      mode: options.sinkMode,
      timeoutMs,
      clock: deps.clock,
      overrides: options.sinkOverrides === undefined ? undefined : parseCeOverrides(options.sinkOverrides),
      caCerts: options.sinkCaCerts,
      token,
    });
  }
  const [functionName, serviceName] = options.sinkFunction!.split('/').reverse() as [string, string?];
  const invocation = {
    region: options.region!,
    accountId: options.accountId!,
    functionName,
    invocation: options.sinkInvocation,
    deduplicate: options.sinkDeduplicate,
    qualifier: options.sinkQualifier,
    endpoint: options.sinkEndpoint,
    timeoutMs,
    ...deps,
  };
  if (serviceName === undefined) {
    const { createFunctionCompute3Sink } = await import('../../shared/sinks/function-compute-3.ts');
    return createFunctionCompute3Sink(invocation);
  }
  const { createFunctionCompute2Sink } = await import('../../shared/sinks/function-compute-2.ts');
  return createFunctionCompute2Sink({ ...invocation, serviceName });
}

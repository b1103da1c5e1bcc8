import type { RequestListener } from 'node:http';
import { silentLogger } from '../../shared/runtime/log.ts';
import { listen } from '../http/server.ts';
import type { FunctionConfig } from './function.ts';
import { createFunctionCompute } from './service.ts';
import type { FunctionRecord, TriggerRecord } from './store/records.ts';
import type { CloudOfFunctions, LocalFc, LocalFcOptions, OssTrigger } from './types.ts';

/** Functions in folders of this machine, beside a cloud: nothing is deployed, and nothing is kept. */
export async function startFc(cloud: CloudOfFunctions, options: LocalFcOptions): Promise<LocalFc> {
  const {
    ossTriggers = [],
    port = 0,
    checkSignatures,
    idleMs,
    random = Math.random,
    logger = silentLogger,
  } = options;
  const { region, accountId, credentials, clock, temporaryCredentials, issueCredentials } = cloud;
  let listener: RequestListener = (_, response) => void response.writeHead(503).end();
  const server = await listen((request, response) => listener(request, response), { port });
  const { url } = server;
  const fc = await createFunctionCompute({
    region,
    accounts: [{ accountId, ...credentials }],
    temporaryCredentials,
    checkSignatures,
    clock,
    random,
    logger,
    idleMs,
    url: () => url,
    mnsUrl: cloud.mns.url,
    localEnvironment: () => ({}),
    issueKeys: () => issueCredentials(),
    onObjectChange: cloud.onObjectChange && ((changed) => cloud.onObjectChange!(changed)),
  });
  const now = new Date(clock.now()).toISOString();
  for (const config of typeof options.functions === 'function' ? options.functions(url) : options.functions) {
    const triggers = ossTriggers.filter(({ functionName }) => functionName === config.name);
    await fc.store.put(recordOf(config, triggers, { region, accountId, now }));
  }
  await fc.triggers.settle();
  listener = fc.listener;
  return {
    ...fc.invocations,
    url,
    async close() {
      server.stopListening();
      await fc.close();
      await server.close();
    },
  };
}

interface Facts {
  readonly region: string;
  readonly accountId: string;
  readonly now: string;
}

/** The function as if it had been deployed. */
function recordOf(config: FunctionConfig, triggers: readonly OssTrigger[], facts: Facts): FunctionRecord {
  const { name, service, codeDir, handler, initializer, preStop, environment, command, async = {} } = config;
  const { now } = facts;
  const settings = {
    runtime: command ? 'custom' : 'nodejs20',
    handler,
    timeout: config.timeoutSeconds,
    memorySize: config.memoryMb,
    environmentVariables: { ...environment },
    instanceConcurrency: config.instanceConcurrency,
    instanceLifecycleConfig: {
      initializer: initializer === undefined ? undefined : { handler: initializer },
      preStop: preStop === undefined ? undefined : { handler: preStop },
    },
    customRuntimeConfig: command && { command: [...command] },
  };
  const to = (destination: string | undefined) => (destination === undefined ? undefined : { destination });
  const asyncConfig = {
    maxAsyncRetryAttempts: async.maxRetries,
    maxAsyncEventAgeInSeconds: async.maxAgeSeconds,
    destinationConfig: { onSuccess: to(async.onSuccess), onFailure: to(async.onFailure) },
    created: now,
    modified: now,
  };
  return {
    name,
    id: name,
    service,
    latest: {
      versionId: 'LATEST',
      description: '',
      settings,
      code: { folder: codeDir },
      created: now,
      modified: now,
    },
    versions: [],
    lastVersion: 0,
    aliases: [],
    triggers: triggers.map((trigger) => triggerOf(trigger, facts)),
    asyncConfigs: { LATEST: asyncConfig },
    provision: {},
    scaling: {},
    reservedConcurrency: config.maxInstances,
    tags: {},
    node: config.node,
  };
}

function triggerOf(
  { name, bucket, events, prefix, suffix }: OssTrigger,
  { region, accountId, now }: Facts,
): TriggerRecord {
  return {
    triggerName: name,
    triggerType: 'oss',
    triggerConfig: JSON.stringify({ events, filter: { key: { prefix, suffix } } }),
    qualifier: 'LATEST',
    sourceArn: `acs:oss:${region}:${accountId}:${bucket}`,
    description: '',
    triggerId: name,
    created: now,
    modified: now,
  };
}

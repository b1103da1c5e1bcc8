import type { RequestListener } from 'node:http';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Credentials } from '../../shared/runtime/credentials.ts';
import { type Logger, silentLogger } from '../../shared/runtime/log.ts';
import type { Random } from '../../shared/runtime/random.ts';
import type { LocalCloud } from '../cloud.ts';
import { listen } from '../http/server.ts';
import { createDestinations } from './destinations.ts';
import { createLocalFc, type FunctionConfig, type LocalFc } from './index.ts';
import { type OssTrigger, ossTriggerEvent } from './oss-trigger.ts';

/** What functions need of a cloud; one of another process has no triggers. */
export type CloudOfFunctions = Pick<LocalCloud, 'region' | 'accountId' | 'credentials'> &
  Partial<Pick<LocalCloud, 'onObjectChange'>> & {
    readonly mns: { readonly url: string };
    readonly clock: Clock;
    issueCredentials(): Credentials;
  };

export interface LocalFcServerOptions {
  /** Given its own URL, as one function may call another. */
  readonly functions: readonly FunctionConfig[] | ((url: string) => readonly FunctionConfig[]);
  readonly ossTriggers?: readonly OssTrigger[];
  /** 0, the default, takes any free one. */
  readonly port?: number;
  /** On by default. */
  readonly checkSignatures?: boolean;
  readonly random?: Random;
  readonly logger?: Logger;
}

export interface LocalFcServer extends LocalFc {
  readonly url: string;
}

/** Function Compute beside a local cloud, with its API on loopback. */
export async function startLocalFc(
  cloud: CloudOfFunctions,
  options: LocalFcServerOptions,
): Promise<LocalFcServer> {
  const { ossTriggers = [], port = 0, checkSignatures = true } = options;
  const { random = Math.random, logger = silentLogger } = options;
  const { region, accountId, credentials, clock } = cloud;
  let listener: RequestListener = (_, response) => void response.writeHead(503).end();
  const server = await listen((request, response) => listener(request, response), { port });
  const functions =
    typeof options.functions === 'function' ? options.functions(server.url) : options.functions;
  const issued = new Map<string, Credentials>();
  const destinations = createDestinations({ mnsUrl: cloud.mns.url, credentials, clock });
  const fc = createLocalFc({
    functions,
    region,
    accounts: [{ accountId, ...credentials }],
    temporaryCredentials: (accessKeyId) => {
      const found = issued.get(accessKeyId);
      const { accessKeySecret, securityToken = '', expiresAt = Number.POSITIVE_INFINITY } = found ?? {};
      return accessKeySecret ? { accountId, accessKeySecret, securityToken, expiresAt } : undefined;
    },
    checkSignatures,
    issueCredentials() {
      const fresh = cloud.issueCredentials();
      if (fresh.securityToken) issued.set(fresh.accessKeyId, fresh);
      return fresh;
    },
    sendToDestination: destinations.send,
    clock,
    random,
    logger,
  });
  listener = fc.listener;
  const unsubscribe = cloud.onObjectChange?.((change) => {
    for (const trigger of ossTriggers) {
      const event = ossTriggerEvent(trigger, change, region);
      // doc: OSS triggers invoke asynchronously.
      if (event) fc.invokeAsync(trigger.functionName, event);
    }
  });
  return {
    ...fc,
    url: server.url,
    async close() {
      unsubscribe?.();
      server.stopListening();
      await fc.close();
      destinations.close();
      await server.close();
    },
  };
}

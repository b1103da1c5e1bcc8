import type { RequestListener } from 'node:http';
import type { Clock } from '../../shared/runtime/clock.ts';
import { silentLogger } from '../../shared/runtime/log.ts';
import { type Random, randomDigits } from '../../shared/runtime/random.ts';
import { createKeyring } from '../access/keyring.ts';
import { listen } from '../http/server.ts';
import { createAuthenticate } from './authenticate.ts';
import { createDestinations } from './destinations.ts';
import { createListener } from './listener.ts';
import { ossTriggerEvent } from './oss-trigger.ts';
import { createFunctions } from './store/functions.ts';
import type { CloudOfFunctions, LocalFc, LocalFcOptions } from './types.ts';

/** Wires the invocation API, the functions and their triggers. */
export async function startFc(cloud: CloudOfFunctions, options: LocalFcOptions): Promise<LocalFc> {
  const {
    ossTriggers = [],
    port = 0,
    checkSignatures,
    random = Math.random,
    logger = silentLogger,
  } = options;
  const { region, accountId, credentials, clock, temporaryCredentials, issueCredentials } = cloud;
  let listener: RequestListener = (_, response) => void response.writeHead(503).end();
  const server = await listen((request, response) => listener(request, response), { port });
  const { url } = server;
  const destinations = createDestinations({ mnsUrl: cloud.mns.url, credentials, clock });
  const accounts = [{ accountId, ...credentials }];
  const keyring = createKeyring({ accounts, temporaryCredentials, checkSignatures, clock });
  const newId = () => newRequestId(clock, random);
  const { serviceOf, ...functions } = createFunctions({
    functions: typeof options.functions === 'function' ? options.functions(url) : options.functions,
    region,
    accountId,
    issueCredentials,
    sendToDestination: destinations.send,
    newId,
    clock,
    logger,
  });
  const authenticate = createAuthenticate(keyring, clock);
  listener = createListener({
    functions: { ...functions, serviceOf },
    authenticate,
    accountId,
    newId,
    clock,
    logger,
  });
  const unsubscribe = cloud.onObjectChange?.((change) => {
    for (const trigger of ossTriggers) {
      const event = ossTriggerEvent(trigger, change, region);
      // doc: OSS triggers invoke asynchronously.
      if (event) functions.invokeAsync(trigger.functionName, event);
    }
  });
  return {
    ...functions,
    url,
    async close() {
      unsubscribe?.();
      server.stopListening();
      await functions.close();
      destinations.close();
      await server.close();
    },
  };
}

/** doc: `1-<seconds>-<8 digits>-<12 digits>`, in lower-case hex. */
function newRequestId(clock: Clock, random: Random): string {
  const seconds = Math.floor(clock.now() / 1000).toString(16);
  return `1-${seconds}-${randomDigits(random, 8)}-${randomDigits(random, 12)}`;
}

import type Client from '@alicloud/fc2';
import type { CloudEvent } from 'cloudevents';
import { orAborted } from '../runtime/abort.ts';
import type { Credentials } from '../runtime/credentials.ts';
import { unanswered } from './exchange.ts';
import {
  assertNames,
  type InvocationAnswer,
  type InvocationOptions,
  invocationEndpoint,
  judgeInvocation,
  taskIdOf,
  withFreshCredentials,
} from './invocation.ts';
import type { EventSink } from './sink.ts';
import { parseHttpUrl } from './url.ts';

export interface FunctionCompute2Options extends InvocationOptions {
  readonly serviceName: string;
}

/**
 * Invokes a function of Function Compute 2.0 through `@alicloud/fc2` with the CloudEvent as JSON. The SDK is loaded at
 * the first event. It signs with the system's clock and ends a request only at its timeout: an aborted delivery returns at
 * once, and its request ends by itself.
 */
export function createFunctionCompute2Sink(options: FunctionCompute2Options): EventSink {
  const { serviceName, functionName, qualifier } = options;
  assertNames({ service: serviceName, function: functionName, qualifier });
  const endpoint = parseHttpUrl('the endpoint of Function Compute', invocationEndpoint(options)).origin;
  return {
    name: `fc2:${serviceName}/${functionName}`,
    async deliver(event, { signal }) {
      const body = JSON.stringify(event);
      const headers = invocationHeaders(event, options);
      try {
        const answer = await withFreshCredentials(options.credentials, async (credentials) => {
          const client = await createClient(credentials, endpoint, options);
          return orAborted(signal, () =>
            client
              .invokeFunction(serviceName, functionName, body, headers, qualifier)
              .then(fromReply, fromFailure),
          );
        });
        return judgeInvocation(answer, options);
      } catch (error) {
        return unanswered(error);
      }
    },
    async close() {},
  };
}

function invocationHeaders(
  event: CloudEvent<unknown>,
  { invocation, deduplicate }: InvocationOptions,
): Record<string, string> {
  return {
    'x-fc-invocation-type': invocation === 'async' ? 'Async' : 'Sync',
    ...(deduplicate && {
      'x-fc-stateful-async-invocation-enable': 'true',
      'x-fc-stateful-async-invocation-id': taskIdOf(event),
    }),
  };
}

async function createClient(
  { accessKeyId, accessKeySecret, securityToken }: Credentials,
  endpoint: string,
  { accountId, region, timeoutMs }: InvocationOptions,
): Promise<Client> {
  const { default: Fc2 } = await import('@alicloud/fc2');
  return new Fc2(accountId, {
    accessKeyID: accessKeyId,
    accessKeySecret,
    securityToken,
    region,
    endpoint,
    timeout: timeoutMs,
  });
}

function fromReply({ headers }: { headers: Readonly<Record<string, string | undefined>> }): InvocationAnswer {
  return { status: 200, requestId: headers['x-fc-request-id'], functionError: headers['x-fc-error-type'] };
}

/** The SDK has the status only in its message: `POST … failed with 429. requestid: …, message: ….` */
function fromFailure(error: Error & { code?: string }): InvocationAnswer {
  const [, status, requestId, message] =
    /failed with (\d{3})\. requestid: (\S+), message: (.*)\.$/s.exec(error.message) ?? [];
  if (status === undefined) throw error;
  const errorMessage = message === 'undefined' ? undefined : message;
  return { status: Number(status), requestId, errorCode: error.code, errorMessage };
}

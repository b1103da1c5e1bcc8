import type { Credentials } from '../../../shared/runtime/credentials.ts';
import type { CallContext } from './instance.ts';
import type { InstanceConfig } from './instance-config.ts';

/** Where a function is deployed. */
export interface Deployment {
  readonly region: string;
  readonly accountId: string;
}

/** doc: the context of the Node.js runtime; sdk: Function Compute 3.0 keeps `service` without a name. */
export function contextOf(
  config: InstanceConfig,
  { region, accountId }: Deployment,
  { requestId, credentials }: CallContext,
) {
  const { name, service = '', versionId, handler, initializer, memoryMb, timeoutSeconds } = config;
  return {
    requestId,
    region,
    accountId,
    // doc: without a role there are none.
    credentials: credentials && keysOf(credentials),
    function: {
      name,
      handler,
      memory: memoryMb,
      timeout: timeoutSeconds,
      ...(initializer && {
        initializer: initializer.handler,
        initializationTimeout: initializer.timeoutSeconds,
      }),
    },
    service: {
      name: service,
      logProject: '',
      logStore: '',
      qualifier: versionId,
      versionId: numberOf(versionId),
    },
  };
}

/** doc: the headers by which a custom runtime learns the same. */
export function contextHeaders(
  config: InstanceConfig,
  { region, accountId }: Deployment,
  { requestId, credentials }: CallContext,
): Record<string, string> {
  const { name, versionId, handler, memoryMb, timeoutSeconds } = config;
  const { accessKeyId, accessKeySecret, securityToken } = credentials ?? {};
  const headers = {
    'request-id': requestId,
    'access-key-id': accessKeyId,
    'access-key-secret': accessKeySecret,
    'security-token': securityToken,
    'function-name': name,
    'function-handler': handler,
    'function-memory': String(memoryMb),
    'function-timeout': String(timeoutSeconds),
    region,
    'account-id': accountId,
    qualifier: versionId,
    'version-id': numberOf(versionId),
  };
  return Object.fromEntries(
    Object.entries(headers).flatMap(([header, value]) =>
      value === undefined ? [] : [[`x-fc-${header}`, value]],
    ),
  );
}

/** sdk: the variables that the vendor's own local runner sets. */
export function environmentOf(
  config: InstanceConfig,
  { region, accountId }: Deployment,
  instanceId: string,
  credentials: Credentials | undefined,
): Record<string, string> {
  const { name, handler, initializer, memoryMb, timeoutSeconds, codeDir, environment } = config;
  const { accessKeyId, accessKeySecret, securityToken } = credentials ?? {};
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    TZ: 'UTC',
    FC_ACCOUNT_ID: accountId,
    FC_REGION: region,
    FC_FUNCTION_NAME: name,
    FC_FUNCTION_HANDLER: handler,
    ...(initializer && { FC_INITIALIZER_HANDLER: initializer.handler }),
    FC_FUNCTION_MEMORY_SIZE: String(memoryMb),
    FC_TIMEOUT: String(timeoutSeconds),
    FC_FUNC_CODE_PATH: `${codeDir}/`,
    FC_INSTANCE_ID: instanceId,
    FC_CUSTOM_LISTEN_PORT: '9000',
    ...(accessKeyId && { ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId }),
    ...(accessKeySecret && { ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret }),
    ...(securityToken && { ALIBABA_CLOUD_SECURITY_TOKEN: securityToken }),
    ...environment,
  };
}

function keysOf({ accessKeyId, accessKeySecret, securityToken }: Credentials) {
  return { accessKeyId, accessKeySecret, securityToken };
}

function numberOf(versionId: string): string {
  return versionId === 'LATEST' ? '' : versionId;
}

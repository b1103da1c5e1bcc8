import type { Credentials } from '../../../shared/runtime/credentials.ts';
import type { FunctionConfig } from '../function.ts';

/** Where a function is deployed. */
export interface Deployment {
  readonly region: string;
  readonly accountId: string;
}

/** doc: the context of the Node.js runtime; sdk: Function Compute 3.0 keeps `service` without a name. */
export function contextOf(
  config: FunctionConfig,
  { region, accountId }: Deployment,
  requestId: string,
  credentials: Credentials,
) {
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  const { name, service = '', handler, initializer, memoryMb, timeoutSeconds } = config;
  return {
    requestId,
    region,
    accountId,
    credentials: { accessKeyId, accessKeySecret, securityToken },
    function: {
      name,
      handler,
      memory: memoryMb,
      timeout: timeoutSeconds,
      ...(initializer !== undefined && { initializer, initializationTimeout: INITIALIZATION_SECONDS }),
    },
    service: { name: service, logProject: '', logStore: '', qualifier: 'LATEST', versionId: '' },
  };
}

/** doc: time limits of the hooks. */
export const INITIALIZATION_SECONDS = 300;
export const PRE_STOP_SECONDS = 90;

/** sdk: the variables that the vendor's own local runner sets. */
export function environmentOf(
  config: FunctionConfig,
  { region, accountId }: Deployment,
  instanceId: string,
  { accessKeyId, accessKeySecret, securityToken }: Credentials,
): Record<string, string> {
  const { name, handler, initializer, memoryMb, timeoutSeconds, codeDir, environment } = config;
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    TZ: 'UTC',
    FC_ACCOUNT_ID: accountId,
    FC_REGION: region,
    FC_FUNCTION_NAME: name,
    FC_FUNCTION_HANDLER: handler,
    ...(initializer !== undefined && { FC_INITIALIZER_HANDLER: initializer }),
    FC_FUNCTION_MEMORY_SIZE: String(memoryMb),
    FC_TIMEOUT: String(timeoutSeconds),
    FC_FUNC_CODE_PATH: `${codeDir}/`,
    FC_INSTANCE_ID: instanceId,
    FC_CUSTOM_LISTEN_PORT: '9000',
    ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret,
    ...(securityToken && { ALIBABA_CLOUD_SECURITY_TOKEN: securityToken }),
    ...environment,
  };
}

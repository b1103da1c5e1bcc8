import type * as SdkModule from '@alicloud/facebody20191230';
import type { Credentials } from '../../../runtime/credentials.ts';

/** The request and response classes of the official SDK. */
export type Sdk = typeof SdkModule.default;
type ClientClass = Sdk['default'];
export type SdkClient = InstanceType<ClientClass>;
/** Its timeouts, in milliseconds. */
export type SdkRuntime = Parameters<SdkClient['recognizeFaceWithOptions']>[1];

export interface SdkSettings {
  /** Host and port, without protocol. */
  readonly endpoint: string;
  /** The service is in Shanghai only. */
  readonly region: string;
  /** Must be set: without it, uploads go to `undefined://` over plain HTTP. */
  readonly protocol: 'HTTPS' | 'HTTP';
  /** The SDK takes it for the longest silence of the connection, so it bounds the time to an answer too. */
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** Authorizes uploads; the vendor's when absent. */
  readonly openPlatformEndpoint?: string;
}

export interface LoadedSdk {
  readonly types: Sdk;
  /** `beforeSend` is awaited before the request of an operation leaves, after any upload that it needs. */
  createClient(credentials: Credentials, settings: SdkSettings, beforeSend: () => Promise<void>): SdkClient;
  runtime(settings: SdkSettings): SdkRuntime;
}

let loading: Promise<LoadedSdk> | undefined;

/** The official SDK, loaded at the first call: it costs more than 100 ms of a cold start. Nothing else imports it. */
export function loadSdk(): Promise<LoadedSdk> {
  loading ??= import('@alicloud/facebody20191230').then(
    (namespace) => {
      const types = exportsOf(namespace);
      const Client = types.default;
      return {
        types,
        createClient(credentials, settings, beforeSend) {
          const client = new Client(configOf(credentials, settings));
          if (settings.openPlatformEndpoint !== undefined) {
            // The SDK has no setting for it but this field, and reads it at every upload.
            client._openPlatformEndpoint = settings.openPlatformEndpoint;
          }
          // The one moment at which the counted request leaves: an upload comes before, inside the same method.
          const callApi = client.callApi.bind(client);
          client.callApi = async (params, request, runtime) => {
            await beforeSend();
            return callApi(params, request, runtime);
          };
          return client;
        },
        runtime: ({ connectTimeoutMs, readTimeoutMs }) =>
          ({ connectTimeout: connectTimeoutMs, readTimeout: readTimeoutMs }) as SdkRuntime,
      };
    },
    (error: unknown) => {
      loading = undefined;
      throw error;
    },
  );
  return loading;
}

/** A plain object does: the SDK reads fields only, and the class is in a package that is not ours to name. */
function configOf(
  { accessKeyId, accessKeySecret, securityToken }: Credentials,
  { endpoint, protocol, region }: SdkSettings,
): ConstructorParameters<ClientClass>[0] {
  const token = securityToken && { securityToken };
  const config = { accessKeyId, accessKeySecret, ...token, endpoint, protocol, regionId: region };
  return config as ConstructorParameters<ClientClass>[0];
}

/**
 * What the CommonJS module exports. Node and test runners put it in a namespace, as a whole under `default` or
 * unwrapped once more; a bundle that is split into chunks has it under `default` only.
 */
function exportsOf(namespace: typeof SdkModule): Sdk {
  const { default: whole } = namespace;
  return 'RecognizeFaceRequest' in whole ? whole : (namespace as unknown as Sdk);
}

import type * as SdkModule from '@alicloud/facebody20191230';
import type { Credentials } from '../../../runtime/credentials.ts';

/** The request and response classes of the official SDK. */
export type Sdk = typeof SdkModule.default;
type ClientClass = Sdk['default'];
export type SdkClient = InstanceType<ClientClass>;
/** Timeouts of the SDK, in milliseconds. */
export type SdkRuntime = Parameters<SdkClient['recognizeFaceWithOptions']>[1];

export interface SdkSettings {
  /** Host and port, without protocol. */
  readonly endpoint: string;
  /** The service runs in Shanghai only. */
  readonly region: string;
  /** Must be set: otherwise the SDK uploads to `undefined://` over plain HTTP. */
  readonly protocol: 'HTTPS' | 'HTTP';
  /** The SDK applies it to every silence of the connection, so it also bounds the time to an answer. */
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** Endpoint that authorizes uploads. Default: the vendor's. */
  readonly openPlatformEndpoint?: string;
}

export interface LoadedSdk {
  readonly types: Sdk;
  /** `beforeSend` is awaited before the request of an operation is sent, after the upload that it may need. */
  createClient(credentials: Credentials, settings: SdkSettings, beforeSend: () => Promise<void>): SdkClient;
  runtime(settings: SdkSettings): SdkRuntime;
}

let loading: Promise<LoadedSdk> | undefined;

/** Loads the official SDK at the first call, because it takes more than 100 ms of a cold start. The only import of it. */
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
            // The SDK has no other setting for it, and reads this field at every upload.
            client._openPlatformEndpoint = settings.openPlatformEndpoint;
          }
          // `callApi` sends the request that counts for the quota. The upload comes before it, inside the same method.
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

/** A plain object is enough: the SDK only reads its fields, and the class is in a transitive dependency. */
function configOf(
  { accessKeyId, accessKeySecret, securityToken }: Credentials,
  { endpoint, protocol, region }: SdkSettings,
): ConstructorParameters<ClientClass>[0] {
  const token = securityToken && { securityToken };
  const config = { accessKeyId, accessKeySecret, ...token, endpoint, protocol, regionId: region };
  return config as ConstructorParameters<ClientClass>[0];
}

/**
 * The exports of the CommonJS module. Node has all of them under `default` and repeats the names beside it; test runners
 * unwrap `default`; a bundle in chunks has them under `default` only.
 */
function exportsOf(namespace: typeof SdkModule): Sdk {
  const { default: whole } = namespace;
  return 'RecognizeFaceRequest' in whole ? whole : (namespace as unknown as Sdk);
}

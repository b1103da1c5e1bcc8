import {
  decimal,
  defineOptions,
  integer,
  type OptionsOf,
  oneOf,
  optional,
  text,
} from '../../../runtime/options.ts';
import type { SdkSettings } from './sdk.ts';

const HOST = /^[A-Za-z0-9.-]+(:\d{1,5})?$/;

/** Options of the engine `facebody`. */
export const FACEBODY_OPTIONS = defineOptions({
  facebodyRegion: {
    env: 'FACEBODY_REGION',
    ...text('region id', /^[a-z]{2}-[a-z0-9-]{2,30}$/),
    default: 'cn-shanghai',
    about: 'Region of FaceBody. Only pictures of buckets in this region can be passed by URL.',
  },
  facebodyEndpoint: {
    env: 'FACEBODY_ENDPOINT',
    ...optional(text('host, or host:port', HOST)),
    about: 'Endpoint of FaceBody. Default: `facebody.<region>.aliyuncs.com`.',
  },
  facebodyUploadEndpoint: {
    env: 'FACEBODY_UPLOAD_ENDPOINT',
    ...optional(text('host, or host:port', HOST)),
    about: 'Endpoint that authorizes uploads to FaceBody. Default: `openplatform.aliyuncs.com`.',
  },
  facebodyProtocol: {
    env: 'FACEBODY_PROTOCOL',
    ...oneOf('HTTPS', 'HTTP'),
    default: 'HTTPS',
    about: 'Use `HTTP` only for a server on this machine: it sends pictures unencrypted.',
  },
  facebodyQps: {
    env: 'FACEBODY_QPS',
    ...decimal('requests per second', 0.01, 1000),
    default: 2,
    about:
      'Rate of each operation. The default is the quota of a pay-as-you-go account. Processes with the same account share its quota: give each process its part. A rate that is too high costs throttled calls, which halve the rate for a while.',
  },
  facebodyDetectQps: ownQps('FACEBODY_DETECT_QPS', 'DetectFace'),
  facebodyRecognizeQps: ownQps('FACEBODY_RECOGNIZE_QPS', 'RecognizeFace'),
  facebodySearchQps: ownQps('FACEBODY_SEARCH_QPS', 'SearchFace'),
  facebodyConnectTimeoutMs: {
    env: 'FACEBODY_CONNECT_TIMEOUT_MS',
    ...integer('milliseconds', 1000, 120_000),
    default: 10_000,
    about:
      'Longest time without data on a connection. It applies also while FaceBody processes a picture, because the SDK does not distinguish the two.',
  },
  facebodyReadTimeoutMs: {
    env: 'FACEBODY_READ_TIMEOUT_MS',
    ...integer('milliseconds', 1000, 120_000),
    default: 15_000,
    about: 'Longest wait for an answer. The call is then repeated up to two times.',
  },
});

export type FaceBodyOptions = OptionsOf<typeof FACEBODY_OPTIONS>;

/** Option of an operation that has a quota of its own. */
function ownQps(env: string, operation: string) {
  return {
    env,
    ...optional(decimal('requests per second', 0.01, 1000)),
    about: `Rate of ${operation}, if it has a quota of its own. Default: \`FACEBODY_QPS\`.`,
  };
}

export function faceBodySettings(options: FaceBodyOptions): SdkSettings {
  const { facebodyRegion: region, facebodyEndpoint, facebodyUploadEndpoint } = options;
  return {
    region,
    endpoint: facebodyEndpoint ?? `facebody.${region}.aliyuncs.com`,
    protocol: options.facebodyProtocol,
    connectTimeoutMs: options.facebodyConnectTimeoutMs,
    readTimeoutMs: options.facebodyReadTimeoutMs,
    openPlatformEndpoint: facebodyUploadEndpoint,
  };
}

/** The quota of an operation in requests per second, for `createPacing`. */
export function faceBodyQuota(options: FaceBodyOptions): (operation: string) => number {
  const quotas: Readonly<Record<string, number | undefined>> = {
    DetectFace: options.facebodyDetectQps,
    RecognizeFace: options.facebodyRecognizeQps,
    SearchFace: options.facebodySearchQps,
  };
  return (operation) => quotas[operation] ?? options.facebodyQps;
}

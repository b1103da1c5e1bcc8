import * as z from 'zod/mini';
import { decimal, defineOptions, integer, type OptionsOf, oneOf } from '../../../runtime/options.ts';
import type { SdkSettings } from './sdk.ts';

const HOST = z.string().check(z.regex(/^[A-Za-z0-9.-]+(:\d{1,5})?$/)) as z.ZodMiniType<string, unknown>;

/** What the engine `facebody` needs to know. */
export const FACEBODY_OPTIONS = defineOptions({
  facebodyRegion: {
    env: 'FACEBODY_REGION',
    schema: z.string().check(z.regex(/^[a-z]{2}-[a-z0-9-]{2,30}$/)) as z.ZodMiniType<string, unknown>,
    default: 'cn-shanghai',
    unit: 'region id',
    about: 'Where FaceBody runs. Only pictures of buckets in this region can be handed over by URL.',
  },
  facebodyEndpoint: {
    env: 'FACEBODY_ENDPOINT',
    schema: z.optional(HOST) as z.ZodMiniType<string | undefined, unknown>,
    unit: 'host, or host:port',
    about: 'Where FaceBody answers. Default: `facebody.<region>.aliyuncs.com`.',
  },
  facebodyUploadEndpoint: {
    env: 'FACEBODY_UPLOAD_ENDPOINT',
    schema: z.optional(HOST) as z.ZodMiniType<string | undefined, unknown>,
    unit: 'host, or host:port',
    about: 'Where uploads to FaceBody are authorized. Default: `openplatform.aliyuncs.com`.',
  },
  facebodyProtocol: {
    env: 'FACEBODY_PROTOCOL',
    schema: oneOf('HTTPS', 'HTTP'),
    default: 'HTTPS' as const,
    unit: '`HTTPS` or `HTTP`',
    about: '`HTTP` is for a server on this machine: pictures would cross the network readable by anyone.',
  },
  facebodyQps: {
    env: 'FACEBODY_QPS',
    schema: decimal(0.01, 1000),
    default: 2,
    unit: 'requests a second, 0.01–1,000',
    about:
      'Pace of each operation; the default is what an account has that pays as it goes. Processes that share an account share its quota: give each its part. Too high costs refused calls, which halve the pace for a while.',
  },
  facebodyDetectQps: ownQps('FACEBODY_DETECT_QPS', 'DetectFace'),
  facebodyRecognizeQps: ownQps('FACEBODY_RECOGNIZE_QPS', 'RecognizeFace'),
  facebodySearchQps: ownQps('FACEBODY_SEARCH_QPS', 'SearchFace'),
  facebodyConnectTimeoutMs: {
    env: 'FACEBODY_CONNECT_TIMEOUT_MS',
    schema: integer(1000, 120_000),
    default: 10_000,
    unit: 'milliseconds, 1,000–120,000',
    about:
      'A connection on which nothing moves for so long is given up, also while FaceBody works on a picture: the SDK makes no difference.',
  },
  facebodyReadTimeoutMs: {
    env: 'FACEBODY_READ_TIMEOUT_MS',
    schema: integer(1000, 120_000),
    default: 15_000,
    unit: 'milliseconds, 1,000–120,000',
    about: 'The longest wait for an answer; the call is then repeated up to two times.',
  },
});

export type FaceBodyOptions = OptionsOf<typeof FACEBODY_OPTIONS>;

/** For an operation whose quota was raised by itself. */
function ownQps(env: string, operation: string) {
  return {
    env,
    schema: z.optional(decimal(0.01, 1000)) as z.ZodMiniType<number | undefined, unknown>,
    unit: 'requests a second, 0.01–1,000',
    about: `Pace of ${operation}, when it has a quota of its own. Default: \`FACEBODY_QPS\`.`,
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

/** Requests a second of an operation, as pacing asks for it. */
export function faceBodyQuota(options: FaceBodyOptions): (operation: string) => number {
  const quotas: Readonly<Record<string, number | undefined>> = {
    DetectFace: options.facebodyDetectQps,
    RecognizeFace: options.facebodyRecognizeQps,
    SearchFace: options.facebodySearchQps,
  };
  return (operation) => quotas[operation] ?? options.facebodyQps;
}

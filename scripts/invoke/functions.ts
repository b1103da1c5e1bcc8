import { resolve } from 'node:path';
import type { FunctionConfig } from '../../local/fc/index.ts';
import type { InvocationCloud } from './cloud.ts';

export const QUEUE = 'face-events';
export const DEAD_LETTER_QUEUE = 'face-dead-letters';
/** The service of Function Compute 2.0 in the URLs of HTTP triggers. Any name will do. */
const SERVICE = 'local';

export interface FunctionSettings {
  readonly cloud: InvocationCloud;
  /** Folder of the bundles. */
  readonly outdir: string;
  /** Address of the local Function Compute. */
  readonly fcUrl: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
  readonly memoryMb?: number;
  readonly node?: string;
}

/** What `s.yaml` deploys, with the addresses of the local cloud. */
const FUNCTIONS: Readonly<
  Record<string, (settings: FunctionSettings) => Omit<FunctionConfig, 'name' | 'codeDir'>>
> = {
  'face-recognition': ({ cloud, env, timeoutSeconds = 120, memoryMb = 1024 }) => ({
    handler: 'index.handler',
    initializer: 'index.initialize',
    preStop: 'index.preStop',
    environment: {
      OSS_ENDPOINT: cloud.oss.url,
      MNS_ENDPOINT: cloud.mns.url,
      DEAD_LETTERS: `mns:${DEAD_LETTER_QUEUE}`,
      ...(cloud.facebody !== undefined && {
        FACEBODY_ENDPOINT: cloud.facebody,
        FACEBODY_UPLOAD_ENDPOINT: cloud.facebody,
        FACEBODY_PROTOCOL: 'HTTP',
      }),
      ...env,
    },
    timeoutSeconds,
    memoryMb,
  }),

  'mns-poller': ({ cloud, fcUrl, env, timeoutSeconds = 60, memoryMb = 128 }) => ({
    handler: 'index.handler',
    initializer: 'index.initialize',
    environment: {
      MNS_ENDPOINT: cloud.mns.url,
      MNS_QUEUE: QUEUE,
      DEAD_LETTERS: `mns:${DEAD_LETTER_QUEUE}`,
      K_SINK: `${fcUrl}/2016-08-15/proxy/${SERVICE}/face-recognition/`,
      // MNS answers at once when the queue is empty, without a long poll.
      WAIT_SECONDS: '0',
      ...env,
    },
    timeoutSeconds,
    memoryMb,
  }),
};

export const FUNCTION_NAMES = Object.keys(FUNCTIONS);

export function configOf(name: string, settings: FunctionSettings): FunctionConfig {
  const { outdir, node, cloud } = settings;
  const config = FUNCTIONS[name]!(settings);
  const onFailure = `acs:mns:${cloud.region}:${cloud.accountId}:/queues/${DEAD_LETTER_QUEUE}/messages`;
  return {
    ...config,
    name,
    codeDir: resolve(outdir, name),
    async: { onFailure },
    node,
  };
}

/** The functions that an invocation of this function uses. */
export function reachedFrom(name: string): string[] {
  return name === 'mns-poller' ? ['face-recognition', 'mns-poller'] : [name];
}

import type { Credentials } from '../shared/runtime/credentials.ts';
import type { Account } from './access/account.ts';
import type { Sts } from './access/sts.ts';
import type { ObjectChange } from './events/object-change.ts';
import { createFunctionCompute, type FunctionCompute } from './fc/service.ts';
import { createTemporaryBucket } from './fc/temporary-bucket.ts';
import type { Gateway } from './gateway/index.ts';
import { redirectEnvironment } from './gateway/redirect.ts';
import type { ServiceOptions } from './http/service.ts';
import { createLogs, type Logs } from './logs/index.ts';
import { createRam, type Ram } from './ram/index.ts';

export interface PlatformOptions extends ServiceOptions {
  readonly sts: Sts;
  /** The account of the platform itself, which owns what no list of the first account shows. */
  readonly platformAccount: Account;
  /** Addresses of the other services, as functions see them. */
  readonly urls: { readonly oss: string; readonly mns: string; readonly facebody: string };
  /** `http://127.0.0.1:<port>` of Function Compute. */
  readonly url: () => string;
  /** The gateway to all services by their host names. */
  readonly gateway: () => Pick<Gateway, 'url' | 'tls'>;
  readonly onObjectChange: (listener: (change: ObjectChange) => void) => () => void;
  readonly failsInside: () => boolean;
  readonly idleMs: number | undefined;
}

/** What deployments talk to: Function Compute, with the roles and the logs of its functions. */
export interface Platform {
  readonly fc: FunctionCompute;
  readonly ram: Ram;
  readonly logs: Logs;
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** doc: the keys of a function's role live 36 hours. */
const ROLE_KEYS_MS = 36 * 3_600_000;

export async function openPlatform(options: PlatformOptions): Promise<Platform> {
  const { sts, platformAccount, urls, clock, url } = options;
  const [account] = options.accounts;
  const ram = await createRam(options);
  const logs = await createLogs(options);
  const fc = await createFunctionCompute({
    ...options,
    mnsUrl: urls.mns,
    localEnvironment: () => ({ ...localEnvironment(urls, url()), ...redirectEnvironment(options.gateway()) }),
    issueKeys: (role) => (role === undefined ? undefined : keysOf(role)),
    checkRole(role, { service, action, resource }) {
      const session = { principal: { service }, sessionName: 'trigger', durationMs: 1000 };
      const { accessKeyId, arn } = ram.assumeRole(role, session);
      if (sts.find(accessKeyId)?.permits?.({ action, resource })) return;
      throw new Error(`the policies of ${arn} do not allow ${action} on ${resource}`);
    },
    temporaryBucket: createTemporaryBucket({
      ...options,
      ossUrl: urls.oss,
      account: account!,
      platform: platformAccount,
    }),
    onLog({ project, logstore }, lines) {
      const time = Math.floor(clock.now() / 1000);
      const entries = lines.map(({ functionName, versionId, instanceId, message }) => ({
        time,
        // sdk: the topic that `s logs` asks for.
        topic: `FCLogs:${functionName}`,
        fields: { functionName, qualifier: versionId, versionId, instanceID: instanceId, message },
      }));
      logs.append(project, logstore, entries);
    },
  });
  function keysOf(role: string): Credentials {
    return ram.assumeRole(role, {
      principal: { service: 'fc.aliyuncs.com' },
      sessionName: 'fc-function',
      durationMs: ROLE_KEYS_MS,
    });
  }
  const services = [fc, ram, logs];
  return {
    fc,
    ram,
    logs,
    async reset() {
      for (const service of services) await service.reset();
    },
    async close() {
      for (const service of services) await service.close();
    },
  };
}

/** The variables of this project's functions that name addresses. Others may read them too. */
function localEnvironment(
  { oss, mns, facebody }: PlatformOptions['urls'],
  fcUrl: string,
): Record<string, string> {
  const { host } = new URL(facebody);
  return {
    OSS_ENDPOINT: oss,
    OSS_INTERNAL: 'false',
    MNS_ENDPOINT: mns,
    FACEBODY_ENDPOINT: host,
    FACEBODY_UPLOAD_ENDPOINT: host,
    FACEBODY_PROTOCOL: 'HTTP',
    SINK_ENDPOINT: fcUrl,
  };
}

import type { MnsClient } from '../../shared/mns/client.ts';
import type { MnsOssToken } from '../../shared/mns/token.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Memo, RecentMap } from '../../shared/runtime/recent.ts';
import type { Cluster } from './kubernetes/cluster.ts';
import type { Recorder } from './kubernetes/events.ts';
import type { ControllerOptions } from './options.ts';

/** What reconciling depends on. */
export interface ControllerDeps {
  readonly cluster: Cluster;
  readonly connectMns: (token: MnsOssToken) => MnsClient;
  readonly record: Recorder;
  /** Sources that have what they need in MNS. It saves requests at every change of a pod. */
  readonly ensured: Memo;
  /** By uid: when this process first saw that the source is deleted, by `clock.monotonic()`. */
  readonly deletions: RecentMap<string, number>;
  readonly clock: Clock;
  readonly options: Pick<
    ControllerOptions,
    'pollerImage' | 'mnsEndpoints' | 'region' | 'accountId' | 'drainSeconds' | 'resyncSeconds'
  >;
}

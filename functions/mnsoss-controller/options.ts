import { hostname } from 'node:os';
import * as z from 'zod/mini';
import {
  defineOptions,
  integer,
  LOG_LEVEL,
  listOf,
  type OptionsOf,
  optional,
  port,
  text,
} from '../../shared/runtime/options.ts';

/** Everything that configures the controller of `MnsOssSource`. */
export const CONTROLLER_OPTIONS = defineOptions({
  pollerImage: {
    env: 'POLLER_IMAGE',
    ...text('image'),
    about: 'Image of the pollers.',
  },
  namespace: {
    env: 'POD_NAMESPACE',
    ...text('namespace'),
    default: 'mnsoss-system',
    about: "Namespace of the controller's Lease.",
  },
  identity: {
    env: 'POD_NAME',
    ...optional(text('name')),
    about: 'Name of this replica in the Lease. Default: host name and process id.',
  },
  region: {
    env: 'REGION',
    ...optional(text('region, e.g. `cn-hangzhou`')),
    about: "Region of queues, if the token's endpoint does not contain it.",
  },
  accountId: {
    env: 'FC_ACCOUNT_ID',
    ...optional(text('account id', /^\d{1,32}$/)),
    about: "Owner of queues, if the token's endpoint does not contain it.",
  },
  mnsEndpoints: {
    env: 'MNS_ENDPOINTS',
    schema: listOf(z.string().check(z.regex(/^[a-z0-9.-]+(:\d{1,5})?$/i))),
    default: [] as string[],
    unit: 'comma-separated: host or host:port',
    about:
      'Hosts that the `url` of a token may name besides the endpoints of MNS. The controller calls whatever it names.',
  },
  resyncSeconds: {
    env: 'RESYNC_SECONDS',
    ...integer('seconds', 1, 3_600),
    default: 30,
    about: 'How often each source is compared with its Secret and with MNS, even if nothing has changed.',
  },
  drainSeconds: {
    env: 'DRAIN_SECONDS',
    ...integer('seconds', 0, 3_600),
    default: 60,
    about: 'How long a deleted source waits for its pollers to empty its queue; then the queue is kept.',
  },
  port: {
    env: 'PORT',
    ...port,
    default: 8080,
    about: 'Port for `/livez`, `/readyz`, `/metrics` and `/queues/<namespace>/<name>`.',
  },
  logLevel: LOG_LEVEL,
});

export type ControllerOptions = OptionsOf<typeof CONTROLLER_OPTIONS>;

export const identityOf = ({ identity }: ControllerOptions): string =>
  identity ?? `${hostname()}-${process.pid}`;

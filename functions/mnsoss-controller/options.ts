import { hostname } from 'node:os';
import { z } from 'zod/mini';
import { defineOptions, integer, LOG_LEVEL, type OptionsOf, text } from '../../shared/runtime/options.ts';

/** Everything that configures the controller of `MnsOssSource`. */
export const CONTROLLER_OPTIONS = defineOptions({
  pollerImage: {
    env: 'POLLER_IMAGE',
    schema: text,
    unit: 'image',
    about: 'Image of the pollers.',
  },
  namespace: {
    env: 'POD_NAMESPACE',
    schema: text,
    default: 'mnsoss-system',
    unit: 'namespace',
    about: "Namespace of the controller's Lease.",
  },
  identity: {
    env: 'POD_NAME',
    schema: z.optional(text),
    unit: 'name',
    about: 'Name of this replica in the Lease. Default: host name and process id.',
  },
  region: {
    env: 'REGION',
    schema: z.optional(text),
    unit: 'region, e.g. `cn-hangzhou`',
    about: "Region of queues, if the token's endpoint does not contain it.",
  },
  accountId: {
    env: 'FC_ACCOUNT_ID',
    schema: z.optional(z.string().check(z.regex(/^\d{1,32}$/))),
    unit: 'account id',
    about: "Owner of queues, if the token's endpoint does not contain it.",
  },
  resyncSeconds: {
    env: 'RESYNC_SECONDS',
    schema: integer(1, 3_600),
    default: 30,
    unit: 'seconds, 1–3,600',
    about: 'How often each source is compared with its Secret and with MNS, even if nothing has changed.',
  },
  drainSeconds: {
    env: 'DRAIN_SECONDS',
    schema: integer(0, 3_600),
    default: 60,
    unit: 'seconds, 0–3,600',
    about: 'How long a deleted source waits for its pollers to empty its queue; then the queue is kept.',
  },
  port: {
    env: 'PORT',
    schema: integer(0, 65_535),
    default: 8080,
    unit: 'port, 0 = any',
    about: 'Port for `/livez`, `/readyz`, `/metrics` and `/queues/<namespace>/<name>`.',
  },
  logLevel: LOG_LEVEL,
});

export type ControllerOptions = OptionsOf<typeof CONTROLLER_OPTIONS>;

export const identityOf = ({ identity }: ControllerOptions): string =>
  identity ?? `${hostname()}-${process.pid}`;

import * as z from 'zod/mini';
import { defineOptions, flag, integer, type OptionsOf, text } from '../../runtime/options.ts';

/** How buckets are reached. */
export const OSS_OPTIONS = defineOptions({
  region: {
    env: 'REGION',
    aliases: ['FC_REGION'],
    schema: text,
    unit: 'region, e.g. `cn-hangzhou`',
    about: 'Of buckets whose events do not tell it. Function Compute sets `FC_REGION`.',
  },
  ossEndpoint: {
    env: 'OSS_ENDPOINT',
    schema: z.optional(text),
    unit: 'http(s)://host[:port]',
    about: "Where OSS answers. Default: the bucket's region, over HTTPS.",
  },
  ossInternal: {
    env: 'OSS_INTERNAL',
    schema: flag,
    default: false,
    unit: 'true or false',
    about:
      "Whether to take the address within Alibaba Cloud's network: nothing is paid for the traffic, and buckets of other regions cannot be reached.",
  },
  ossTimeoutSeconds: {
    env: 'OSS_TIMEOUT_SECONDS',
    schema: integer(1, 300),
    default: 15,
    unit: 'seconds, 1–300',
    about: 'A request to OSS on which nothing moves for so long is repeated, up to two times.',
  },
});

export type OssOptions = OptionsOf<typeof OSS_OPTIONS>;

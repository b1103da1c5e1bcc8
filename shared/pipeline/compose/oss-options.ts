import { defineOptions, flag, integer, type OptionsOf, optional, text } from '../../runtime/options.ts';

/** The options of access to OSS. */
export const OSS_OPTIONS = defineOptions({
  region: {
    env: 'REGION',
    aliases: ['FC_REGION'],
    ...text('region, e.g. `cn-hangzhou`'),
    about: 'The region of buckets whose events do not name it. Function Compute sets `FC_REGION`.',
  },
  ossEndpoint: {
    env: 'OSS_ENDPOINT',
    ...optional(text('http(s)://host[:port]')),
    about: 'Address of OSS. Default: the region of the bucket, over HTTPS.',
  },
  ossInternal: {
    env: 'OSS_INTERNAL',
    ...flag,
    default: false,
    about:
      "Whether to use the address inside Alibaba Cloud's network: traffic is free, and buckets in other regions cannot be reached.",
  },
  ossTimeoutSeconds: {
    env: 'OSS_TIMEOUT_SECONDS',
    ...integer('seconds', 1, 300),
    default: 15,
    about: 'A request to OSS without any progress for this time is repeated, up to two times.',
  },
});

export type OssOptions = OptionsOf<typeof OSS_OPTIONS>;

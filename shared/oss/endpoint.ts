import { isIP } from 'node:net';
import { encodeRfc3986 } from '../runtime/aliyun-v4.ts';
import { parseEndpoint } from '../runtime/endpoint.ts';
import { AppError } from '../runtime/errors.ts';
import { canonicalQuery, type QueryPair } from './signature-v4.ts';

export interface EndpointOptions {
  /** `https://oss-cn-hangzhou.aliyuncs.com` or `http://127.0.0.1:9000`. `@default` the public endpoint of the region */
  readonly endpoint?: string | undefined;
  /** Use the region's endpoint inside Alibaba Cloud's network. `@default false` */
  readonly internal?: boolean | undefined;
}

export interface Address {
  readonly url: URL;
  /** Path and query as sent. */
  readonly target: string;
}

export interface Resource {
  readonly region: string;
  readonly bucket: string;
  readonly key?: string | undefined;
  readonly query: readonly QueryPair[];
}

/** A bucket name is part of the host name: a wrong character would send the request to another host. */
const BUCKET = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;
const REGION = /^[a-z0-9-]+$/;

/** Checks the settings. The returned function gives the address of each request. */
export function createEndpoint(options: EndpointOptions): (resource: Resource) => Address {
  const fixed = options.endpoint === undefined ? undefined : parseEndpoint('OSS', options.endpoint);
  return ({ region, bucket, key = '', query }) => {
    if (!BUCKET.test(bucket)) throw new AppError('ConfigInvalid', `"${bucket}" is not a bucket name`);
    if (!REGION.test(region)) throw new AppError('ConfigInvalid', `"${region}" is not a region`);
    const base = fixed ?? new URL(`https://oss-${region}${options.internal ? '-internal' : ''}.aliyuncs.com`);
    const inPath = !isNamed(base.hostname);
    const path = `/${inPath ? `${bucket}/` : ''}${encodeRfc3986(key, { keepSlash: true })}`;
    const search = canonicalQuery(query);
    return {
      url: inPath ? base : new URL(`${base.protocol}//${bucket}.${base.host}`),
      target: search === '' ? path : `${path}?${search}`,
    };
  };
}

/** OSS demands the bucket in the host name, except on an IP address and `localhost`: there it begins the path. */
function isNamed(hostname: string): boolean {
  return hostname !== 'localhost' && isIP(hostname.replace(/^\[|\]$/g, '')) === 0;
}

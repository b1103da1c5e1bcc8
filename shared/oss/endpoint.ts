import { isIP } from 'node:net';
import { AppError } from '../runtime/errors.ts';
import { canonicalQuery, encodeRfc3986, type QueryPair } from './signature-v4.ts';

/** Where the bucket stands: before the host name, as OSS demands, or first in the path, as on a host without names. */
export type Addressing = 'virtual-host' | 'path';

export interface EndpointOptions {
  /** `https://oss-cn-hangzhou.aliyuncs.com` or `http://127.0.0.1:9000`; the region's own when absent. */
  readonly endpoint?: string | undefined;
  /** Takes the region's address within Alibaba Cloud's network. */
  readonly internal?: boolean | undefined;
  /** `path` when absent and the endpoint is an IP address or `localhost`. */
  readonly addressing?: Addressing | undefined;
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

/** Bucket names go into a host name, where a stray character would lead the request to another host. */
const BUCKET = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;
const REGION = /^[a-z0-9-]+$/;

/** Checks the settings at once; the returned function gives the address of each request. */
export function createEndpoint(options: EndpointOptions): (resource: Resource) => Address {
  const fixed = options.endpoint === undefined ? undefined : parseEndpoint(options.endpoint);
  return ({ region, bucket, key = '', query }) => {
    if (!BUCKET.test(bucket)) throw new AppError('ConfigInvalid', `"${bucket}" is no bucket name`);
    if (!REGION.test(region)) throw new AppError('ConfigInvalid', `"${region}" is no region`);
    const base = fixed ?? new URL(`https://oss-${region}${options.internal ? '-internal' : ''}.aliyuncs.com`);
    const addressing = options.addressing ?? (isNamed(base.hostname) ? 'virtual-host' : 'path');
    const inPath = addressing === 'path';
    const path = `/${inPath ? `${bucket}/` : ''}${encodeRfc3986(key, { keepSlash: true })}`;
    const search = canonicalQuery(query);
    return {
      url: inPath ? base : new URL(`${base.protocol}//${bucket}.${base.host}`),
      target: search === '' ? path : `${path}?${search}`,
    };
  };
}

function parseEndpoint(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const usable =
    url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.username;
  if (usable) return url;
  throw new AppError(
    'ConfigInvalid',
    `OSS endpoint must be http(s)://host[:port] without a path, but is "${endpoint}"`,
  );
}

function isNamed(hostname: string): boolean {
  return hostname !== 'localhost' && isIP(hostname.replace(/^\[|\]$/g, '')) === 0;
}

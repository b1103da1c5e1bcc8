import { isIP } from 'node:net';
import { percentDecode } from '../../http/decode.ts';
import { OssRefusal } from '../errors.ts';

/** The target of a request: the service (both absent), a bucket, or an object. */
export interface Address {
  readonly bucket?: string;
  /** Decoded. */
  readonly key?: string;
}

/**
 * The possible readings of a request's address, the likeliest first. The real service supports only virtual-hosted
 * style; clients of a local server also send path style, or the bucket before an IP address in `Host`. If two readings
 * are possible, the signature shows which one the client meant.
 *
 * @param host the `Host` header
 * @param rawPath the path as on the wire, without the query
 * @param buckets names of all buckets, for requests that name theirs only in the signature (CNAME)
 */
export function readAddress(host: string, rawPath: string, buckets: readonly string[]): Address[] {
  const name = hostName(host);
  const path = rawPath.replace(/^\//, '');
  const byPath = inPath(path);
  const regional = /^(.*?)\.?oss-[a-z0-9-]+\.aliyuncs\.com$/.exec(name);
  if (regional) {
    if (regional[1] === '' && byPath.bucket !== undefined) throw new OssRefusal('SecondLevelDomainForbidden');
    const byHost = inHost(regional[1]!, path);
    // sdk: ali-oss with an IP endpoint and `sldEnable` names the bucket in both places.
    return byPath.bucket !== undefined && byPath.bucket === byHost.bucket ? [byPath, byHost] : [byHost];
  }
  const inSignature = buckets.map((bucket) => inHost(bucket, path));
  const label = isIP(name) === 0 ? firstLabel(name) : '';
  if (label === '') return [byPath, ...inSignature];
  const byHost = inHost(label, path);
  if (isBucketHost(name) || buckets.includes(label)) return [byHost, byPath];
  // A bucket that does not exist yet, below a domain of any name.
  return [byPath, ...inSignature, byHost];
}

/** The region in a host name of the service, `undefined` for other hosts. */
export function regionOf(host: string): string | undefined {
  const [, region] = /(?:^|\.)oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com$/.exec(hostName(host)) ?? [];
  return region?.startsWith('accelerate') ? undefined : region;
}

/** `photos.localhost`, and `photos.oss.example.com` or `photos.oss-local.test`: a bucket before a name for OSS. */
function isBucketHost(name: string): boolean {
  return name.endsWith('.localhost') || /^[^.]+\.oss(-[a-z0-9-]+)?\./.test(name);
}

function hostName(host: string): string {
  return host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
}

function firstLabel(name: string): string {
  return name.slice(0, Math.max(0, name.indexOf('.')));
}

function inPath(path: string): Address {
  const slash = path.indexOf('/');
  if (slash < 0) return inHost(decode(path), '');
  return inHost(decode(path.slice(0, slash)), path.slice(slash + 1));
}

function inHost(bucket: string, path: string): Address {
  if (bucket === '') return {};
  return path === '' ? { bucket } : { bucket, key: decode(path) };
}

function decode(text: string): string {
  return percentDecode(text, () => new OssRefusal('InvalidObjectName'));
}

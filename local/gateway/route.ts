import type { IncomingMessage } from 'node:http';

/** The services of the local cloud behind one address. */
export type ServiceName = 'oss' | 'mns' | 'facebody' | 'fc' | 'ram' | 'logs';

/** Whose host names are whose. The first row that fits counts. */
const HOSTS: readonly (readonly [RegExp, ServiceName])[] = [
  [/(^|\.)oss-[a-z0-9-]+\.aliyuncs\.com$/, 'oss'],
  [/(^|\.)mns(-open)?\.[a-z0-9-]+\.aliyuncs\.com$/, 'mns'],
  [/^(facebody|openplatform|viapi)[a-z0-9.-]*\.aliyuncs\.com$/, 'facebody'],
  [/\.log\.aliyuncs\.com$/, 'logs'],
  [/^(ram|sts|resourcemanager)(-vpc)?(\.[a-z0-9-]+)?\.aliyuncs\.com$/, 'ram'],
  [/^fcv3(-vpc)?\.[a-z0-9-]+\.aliyuncs\.com$/, 'fc'],
  [/\.[a-z0-9-]+\.fc\.aliyuncs\.com$/, 'fc'],
];

/** doc: versions of the APIs of RAM, STS and resource manager. */
const RAM_VERSIONS = new Set(['2015-05-01', '2015-04-01', '2020-03-31']);

/**
 * The service that a request means: by its host name, or where that is the address of this machine by its form. Function
 * Compute gets the rest. `undefined` for a host name of Alibaba Cloud that no service here has.
 */
export function serviceOf({ headers, url = '/' }: IncomingMessage): ServiceName | undefined {
  const host = (headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  const named = HOSTS.find(([pattern]) => pattern.test(host));
  if (named) return named[1];
  if (host.endsWith('.aliyuncs.com')) return undefined;
  if (headers.authorization?.startsWith('LOG') || headers['x-log-apiversion'] !== undefined) return 'logs';
  const version = headers['x-acs-version'] ?? new URL(url, 'http://gateway').searchParams.get('Version');
  if (RAM_VERSIONS.has(String(version))) return 'ram';
  // A form of an older client has its version in the body.
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  return isForm && version === null ? 'ram' : 'fc';
}

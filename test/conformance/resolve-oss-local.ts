import dns, { type LookupOptions } from 'node:dns';

/**
 * Lets `oss.local` and every `<bucket>.oss.local` be this machine, in this process: virtual-hosted addressing as it
 * is in production, where a wildcard in the name service does the same.
 */
const lookup = dns.lookup as (...parameters: unknown[]) => void;

type Found = (error: Error | null, address: unknown, family?: number) => void;

dns.lookup = ((host: string, ...rest: [LookupOptions, Found] | [Found]) => {
  if (host !== 'oss.local' && !host.endsWith('.oss.local')) return lookup(host, ...rest);
  const [options, found] = rest.length === 2 ? rest : [{} as LookupOptions, rest[0]];
  if (options.all) found(null, [{ address: '127.0.0.1', family: 4 }]);
  else found(null, '127.0.0.1', 4);
}) as typeof dns.lookup;

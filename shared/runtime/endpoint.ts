import { AppError } from './errors.ts';
import { withoutSecrets } from './without-secrets.ts';

/** The URL of a service, which has no path. Throws `ConfigInvalid` that names the service. */
export function parseEndpoint(service: string, endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const usable =
    url &&
    /^https?:$/.test(url.protocol) &&
    url.pathname === '/' &&
    !url.search &&
    !url.username &&
    !url.password;
  if (usable) return url;
  throw new AppError(
    'ConfigInvalid',
    `${service} endpoint must be http(s)://host[:port] without a path, but is "${withoutSecrets(endpoint)}"`,
  );
}

import { MnsRefusal } from './errors.ts';

/** Where a subscription delivers. */
export type Endpoint =
  | { readonly kind: 'queue'; readonly queue: string }
  | { readonly kind: 'http'; readonly url: URL };

/** Reads `acs:mns:<region>:<account>:queues/<name>` (Terraform writes `:/queues/`) or an HTTP URL. */
export function parseEndpoint(text: string, owner: { region: string; accountId: string }): Endpoint {
  const queue = /^acs:mns:([^:]*):([^:]*):\/?queues\/([^/]+)$/.exec(text);
  if (queue) {
    const [, region, accountId, name] = queue as unknown as [string, string, string, string];
    if (region !== owner.region || accountId !== owner.accountId) {
      throw new MnsRefusal(
        'EndpointInvalid',
        `The queue should be of region ${owner.region} and account ${owner.accountId}: ${text}`,
      );
    }
    return { kind: 'queue', queue: name };
  }
  if (/^(mail|sms|push):/.test(text)) {
    throw new MnsRefusal('EndpointInvalid', 'This server delivers to queues and HTTP endpoints only.');
  }
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) throw new MnsRefusal('EndpointInvalid');
  const url = new URL(text);
  // doc: the default path, and the reserved one.
  if (url.pathname === '/' && !text.slice(text.indexOf('://') + 3).includes('/'))
    url.pathname = '/notifications';
  if (url.pathname.startsWith('/mns-reserved-')) throw new MnsRefusal('EndpointInvalid');
  return { kind: 'http', url };
}

import { AppError } from '../runtime/errors.ts';

/** Region and owner of queues and topics, which are parts of their addresses. */
export interface MnsAccount {
  readonly region: string;
  readonly accountId: string;
}

/** Reads `https://<account>.mns.<region>[-internal[-vpc]].aliyuncs.com`; empty for any other host. */
export function readMnsHost(endpoint: string): Partial<MnsAccount> {
  const { hostname } = new URL(endpoint);
  const [, accountId, region] =
    /^(\d+)\.mns\.([a-z0-9-]+?)(?:-internal(?:-vpc)?)?\.aliyuncs\.com$/.exec(hostname) ?? [];
  return { region, accountId };
}

/** Whether a URL leads to MNS, with nothing but the host in it. */
export function isMnsEndpoint(endpoint: string): boolean {
  const { protocol, username, password, port } = new URL(endpoint);
  if (!/^https?:$/.test(protocol) || username !== '' || password !== '' || port !== '') return false;
  return readMnsHost(endpoint).accountId !== undefined;
}

/** Values in `given` override those of the endpoint. Throws `ConfigInvalid` when one is in neither. */
export function accountFromEndpoint(endpoint: string, given: Partial<MnsAccount> = {}): MnsAccount {
  const host = readMnsHost(endpoint);
  const region = given.region ?? host.region;
  const accountId = given.accountId ?? host.accountId;
  if (region && accountId) return { region, accountId };
  throw new AppError(
    'ConfigInvalid',
    'a subscription needs REGION and FC_ACCOUNT_ID, because the endpoint of MNS does not contain them',
  );
}

/** The address to which a topic delivers for a queue. */
export function queueAddress({ region, accountId }: MnsAccount, queue: string): string {
  return `acs:mns:${region}:${accountId}:queues/${queue}`;
}

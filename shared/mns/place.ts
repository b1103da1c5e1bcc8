import { AppError } from '../runtime/errors.ts';

/** Where a queue is: what its address says before its name. */
export interface MnsPlace {
  readonly region: string;
  readonly accountId: string;
}

/**
 * What is given goes first; the rest is read from an endpoint such as
 * `https://<account>.mns.<region>-internal.aliyuncs.com`. Throws `ConfigInvalid` when neither tells.
 */
export function placeOf(
  endpoint: string,
  given: { readonly region?: string | undefined; readonly accountId?: string | undefined } = {},
): MnsPlace {
  const [, hostAccount, hostRegion] =
    /^(\d+)\.mns\.([a-z0-9-]+?)(?:-internal(?:-vpc)?)?\.aliyuncs\.com$/.exec(new URL(endpoint).hostname) ??
    [];
  const region = given.region ?? hostRegion;
  const accountId = given.accountId ?? hostAccount;
  if (region && accountId) return { region, accountId };
  throw new AppError(
    'ConfigInvalid',
    'a subscription needs REGION and FC_ACCOUNT_ID, as the endpoint of MNS names neither',
  );
}

/** The address under which a topic delivers to a queue. */
export function queueAddress({ region, accountId }: MnsPlace, queue: string): string {
  return `acs:mns:${region}:${accountId}:queues/${queue}`;
}

import { type KubeObject, same, type Tree } from '../api/types.ts';
import type { Client } from '../client/client.ts';
import type { KnownResource } from '../client/resources.ts';

/** State of one condition: true, or the reason why not. */
export type Finding =
  | true
  | { readonly reason: string; readonly message?: string; readonly unknown?: boolean };

interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** Ready is the conjunction. Otherwise the first unknown condition gives the reason, then the first false one. */
export async function writeStatus(
  client: Client,
  resource: KnownResource,
  object: KubeObject,
  findings: Readonly<Record<string, Finding>>,
  fields: Tree = {},
): Promise<void> {
  const failed = Object.values(findings).filter((finding) => finding !== true);
  const worst = failed.find(({ unknown }) => unknown) ?? failed[0];
  const before = (object.status ?? {}) as { conditions?: Condition[] };
  const conditions = Object.entries({ Ready: worst ?? (true as const), ...findings }).map(
    ([type, finding]) => {
      const condition: Condition =
        finding === true
          ? { type, status: 'True' }
          : {
              type,
              status: finding.unknown ? 'Unknown' : 'False',
              reason: finding.reason,
              message: finding.message ?? '',
            };
      const known = before.conditions?.find((one) => one.type === type && one.status === condition.status);
      return { ...condition, lastTransitionTime: known?.lastTransitionTime ?? new Date().toISOString() };
    },
  );
  const status = { ...before, ...fields, observedGeneration: object.metadata.generation, conditions };
  if (same(JSON.parse(JSON.stringify(status)), before)) return;
  const { namespace = '', name } = object.metadata;
  await client.patch(resource, namespace, name, 'merge', { status }, 'status');
}

export const isReady = (object: KubeObject | undefined): boolean =>
  ((object?.status as { conditions?: Condition[] } | undefined)?.conditions ?? []).some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  );

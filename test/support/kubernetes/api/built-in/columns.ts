import type { Column } from '../resource.ts';
import { at, type Tree } from '../types.ts';

/** A column of a built-in kind. It is computed, because no path leads to what `kubectl get` shows. */
export interface ComputedColumn extends Column {
  cell(object: Tree): unknown;
}

const column = (name: string, cell: (object: Tree) => unknown, type = 'string'): ComputedColumn => ({
  name,
  type,
  cell,
});

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const size = (value: unknown) => Object.keys((value ?? {}) as object).length;

const COLUMNS: Record<string, readonly ComputedColumn[]> = {
  Pod: [
    column('Ready', (pod) => {
      const states = list(at(pod, 'status', 'containerStatuses'));
      return `${states.filter((state) => at(state, 'ready')).length}/${list(at(pod, 'spec', 'containers')).length}`;
    }),
    column('Status', (pod) =>
      at(pod, 'metadata', 'deletionTimestamp')
        ? 'Terminating'
        : (at(pod, 'status', 'containerStatuses', 0, 'state', 'waiting', 'reason') ??
          at(pod, 'status', 'phase') ??
          'Pending'),
    ),
    column('Restarts', (pod) => at(pod, 'status', 'containerStatuses', 0, 'restartCount') ?? 0, 'integer'),
  ],
  Deployment: [
    column('Ready', (it) => `${at(it, 'status', 'readyReplicas') ?? 0}/${at(it, 'spec', 'replicas') ?? 0}`),
    column('Up-to-date', (it) => at(it, 'status', 'updatedReplicas') ?? 0, 'integer'),
    column('Available', (it) => at(it, 'status', 'availableReplicas') ?? 0, 'integer'),
  ],
  Namespace: [column('Status', (it) => at(it, 'status', 'phase'))],
  Secret: [column('Type', (it) => at(it, 'type')), column('Data', (it) => size(at(it, 'data')), 'integer')],
  ConfigMap: [column('Data', (it) => size(at(it, 'data')), 'integer')],
  Service: [
    column('Type', (it) => at(it, 'spec', 'type')),
    column('Cluster-IP', (it) => at(it, 'spec', 'clusterIP') ?? '<none>'),
    column('External-IP', (it) => at(it, 'spec', 'externalName') ?? '<none>'),
    column('Port(s)', (it) =>
      list(at(it, 'spec', 'ports'))
        .map((port) => `${at(port, 'port')}/${at(port, 'protocol')}`)
        .join(','),
    ),
  ],
  Event: [
    column('Type', (it) => at(it, 'type')),
    column('Reason', (it) => at(it, 'reason')),
    column('Object', (it) => {
      const about = at(it, 'involvedObject') ?? at(it, 'regarding');
      return `${String(at(about, 'kind')).toLowerCase()}/${at(about, 'name')}`;
    }),
    column('Message', (it) => at(it, 'message') ?? at(it, 'note')),
  ],
  Lease: [column('Holder', (it) => at(it, 'spec', 'holderIdentity'))],
  CustomResourceDefinition: [],
};

/** The columns between Name and Age. */
export const columnsOf = (kind: string): readonly ComputedColumn[] => COLUMNS[kind] ?? [];

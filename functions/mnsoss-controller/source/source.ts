import type { KubeObject } from '../kubernetes/resources.ts';
import { GROUP, KIND, type SourceKey, VERSION } from './names.ts';
import type { SourceStatus } from './status-schema.ts';

/** A `MnsOssSource` as the API server returns it. */
export interface Source extends KubeObject {
  readonly status?: SourceStatus;
}

export function keyOf({ metadata }: KubeObject): SourceKey {
  return { namespace: metadata.namespace ?? 'default', name: metadata.name };
}

/** The source that owns an object, if any. */
export function ownerKey({ metadata }: KubeObject): SourceKey | undefined {
  const owner = metadata.ownerReferences?.find(
    ({ apiVersion, kind, controller }) => controller && kind === KIND && apiVersion.startsWith(`${GROUP}/`),
  );
  return owner && { namespace: metadata.namespace ?? 'default', name: owner.name };
}

/**
 * Metadata of an object that is deleted with its source. Deleting the source does not wait for it, and so the controller needs no
 * permission on `mnsosssources/finalizers`.
 */
export function ownedMetadata(source: Source, name: string): KubeObject['metadata'] {
  const { uid } = source.metadata;
  return {
    name,
    namespace: keyOf(source).namespace,
    labels: OWNED_LABELS,
    ownerReferences: [
      {
        apiVersion: `${GROUP}/${VERSION}`,
        kind: KIND,
        name: source.metadata.name,
        uid: uid!,
        controller: true,
      },
    ],
  };
}

const OWNED_LABELS = {
  'app.kubernetes.io/name': 'mnsoss-poller',
  'app.kubernetes.io/managed-by': 'mnsoss-controller',
};

/** Selects all objects that sources own. */
export const OWNED_SELECTOR = Object.entries(OWNED_LABELS)
  .map(([name, value]) => `${name}=${value}`)
  .join(',');

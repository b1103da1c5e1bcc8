import { BUILT_IN } from './built-in/table.ts';
import { resourcesOf } from './crd.ts';
import { groupVersion, type Resource } from './resource.ts';
import type { Store } from './store.ts';

export const CRDS = 'apiextensions.k8s.io/customresourcedefinitions';

/** Finalizer that keeps a CRD until its objects are deleted. */
export const CRD_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

/** The resources that are served now. */
export interface Registry {
  all(): readonly Resource[];
  find(group: string, version: string, plural: string): Resource | undefined;
  byKind(apiVersion: string, kind: string): Resource | undefined;
}

export function createRegistry(store: Store): Registry {
  let custom: readonly Resource[] = [];
  store.onChange(({ storage }) => {
    if (storage !== CRDS) return;
    // A resource is served until its CRD is finally deleted.
    custom = store.list(CRDS).flatMap(resourcesOf);
  });
  const all = () => [...BUILT_IN, ...custom];
  return {
    all,
    find: (group, version, plural) =>
      all().find((it) => it.group === group && it.version === version && it.plural === plural),
    byKind: (apiVersion, kind) => all().find((it) => it.kind === kind && groupVersion(it) === apiVersion),
  };
}

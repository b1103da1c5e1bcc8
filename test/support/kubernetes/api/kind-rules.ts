import { validateCrd } from './crd.ts';
import { CRDS } from './registry.ts';
import type { Resource } from './resource.ts';
import type { Cause } from './status.ts';
import { type KubeObject, same, type Tree } from './types.ts';

/** Rules of single kinds beyond their schemas. */
export function kindRules({ storage }: Resource, object: KubeObject, live: KubeObject | undefined): Cause[] {
  if (storage === CRDS) return validateCrd(object);
  if (storage === 'apps/deployments') return deploymentRules(object, live);
  if (
    storage.startsWith('rbac.') &&
    storage.endsWith('bindings') &&
    live &&
    !same(live.roleRef, object.roleRef)
  ) {
    return [
      {
        field: 'roleRef',
        reason: 'FieldValueInvalid',
        message: 'Invalid value: "object": cannot change roleRef',
      },
    ];
  }
  return [];
}

function deploymentRules(object: KubeObject, live: KubeObject | undefined): Cause[] {
  const spec = object.spec as { selector: { matchLabels?: Record<string, string> }; template: Tree };
  const labels = (spec.template.metadata as { labels?: Record<string, string> } | undefined)?.labels ?? {};
  const causes: Cause[] = [];
  const entries = Object.entries(spec.selector.matchLabels ?? {});
  if (entries.some(([key, value]) => labels[key] !== value)) {
    const message = 'Invalid value: "object": `selector` does not match template `labels`';
    causes.push({ field: 'spec.template.metadata.labels', reason: 'FieldValueInvalid', message });
  }
  if (live && !same((live.spec as Tree).selector, spec.selector)) {
    const message = 'Invalid value: "object": field is immutable';
    causes.push({ field: 'spec.selector', reason: 'FieldValueInvalid', message });
  }
  return causes;
}

import { destinationsOf } from './destination-rules.ts';
import { dependencyOf } from './eventing-rules.ts';
import type { Rule } from './manifest.ts';
import { type Manifest, podTemplateOf } from './manifest.ts';

/** Whether an object with this API version, kind and name is applied too. */
function has(all: readonly Manifest[], ref: Manifest): boolean {
  return all.some(
    ({ apiVersion, kind, metadata }) =>
      apiVersion === ref.apiVersion && kind === ref.kind && metadata?.name === ref.name,
  );
}

/** A referenced object must exist. Secrets are excluded, because no manifest contains them. */
export const REFERENCE_RULES: Readonly<Record<string, Rule>> = {
  'reference-exists': (manifest, all) => {
    const { kind, spec } = manifest;
    const account = podTemplateOf(manifest)?.spec?.serviceAccountName ?? spec?.serviceAccountName;
    const refs = [
      ...Object.values(destinationsOf(manifest)).map((destination) => destination?.ref),
      kind === 'Trigger' &&
        spec?.broker && { apiVersion: 'eventing.knative.dev/v1', kind: 'Broker', name: spec?.broker },
      kind === 'SinkBinding' && spec?.subject?.name && spec.subject,
      kind === 'ScaledObject' && spec?.scaleTargetRef,
      dependencyOf(manifest),
      account && { apiVersion: 'v1', kind: 'ServiceAccount', name: account },
    ].filter(Boolean);
    return refs
      .filter((ref) => !has(all, ref))
      .map(({ apiVersion, kind: of, name }) => `${apiVersion} ${of} ${name} does not exist`);
  },
};

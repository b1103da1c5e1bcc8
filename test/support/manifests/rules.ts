import { DESTINATION_RULES } from './destination-rules.ts';
import { EVENTING_RULES } from './eventing-rules.ts';
import { type Manifest, nameOf, type Rule } from './manifest.ts';
import { POD_RULES } from './pod-rules.ts';
import { REFERENCE_RULES } from './reference-rules.ts';
import { SCALING_RULES } from './scaling-rules.ts';
import { SERVICE_RULES } from './service-rules.ts';
import { VERSION_RULES } from './version-rules.ts';

/** What validators of Knative, KEDA and Kubernetes demand beyond schemas, and what this house demands of its pods. */
export const RULES: Readonly<Record<string, Rule>> = {
  ...VERSION_RULES,
  ...EVENTING_RULES,
  ...DESTINATION_RULES,
  ...SERVICE_RULES,
  ...POD_RULES,
  ...SCALING_RULES,
  ...REFERENCE_RULES,
};

/** `Trigger oss: one-dialect: …`, for every rule that an object breaks. */
export function faultsOf(manifests: readonly Manifest[]): string[] {
  return manifests.flatMap((manifest) =>
    Object.entries(RULES).flatMap(([name, rule]) =>
      rule(manifest, manifests).map((fault) => `${nameOf(manifest)}: ${name}: ${fault}`),
    ),
  );
}

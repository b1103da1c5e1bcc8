import { DESTINATION_RULES } from './destination-rules.ts';
import { EVENTING_RULES } from './eventing-rules.ts';
import { type Manifest, nameOf, type Rule } from './manifest.ts';
import { POD_RULES } from './pod-rules.ts';
import { REFERENCE_RULES } from './reference-rules.ts';
import { SCALING_RULES } from './scaling-rules.ts';
import { SERVICE_RULES } from './service-rules.ts';
import { VERSION_RULES } from './version-rules.ts';

/** Rules of Knative's, KEDA's and Kubernetes' validators beyond schemas, and this project's rules for its pods. */
export const RULES: Readonly<Record<string, Rule>> = {
  ...VERSION_RULES,
  ...EVENTING_RULES,
  ...DESTINATION_RULES,
  ...SERVICE_RULES,
  ...POD_RULES,
  ...SCALING_RULES,
  ...REFERENCE_RULES,
};

/** One line per broken rule: `Trigger oss: one-dialect: …`. */
export function faultsOf(manifests: readonly Manifest[]): string[] {
  return manifests.flatMap((manifest) =>
    Object.entries(RULES).flatMap(([name, rule]) =>
      rule(manifest, manifests).map((fault) => `${nameOf(manifest)}: ${name}: ${fault}`),
    ),
  );
}

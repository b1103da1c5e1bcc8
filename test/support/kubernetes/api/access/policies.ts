import type { Context } from '../context.ts';
import type { ApiRequest } from '../request.ts';
import { compileRule } from '../schema/cel.ts';
import { forbidden } from '../status.ts';
import type { KubeObject, Tree } from '../types.ts';

interface Policy {
  readonly matchConstraints: {
    readonly resourceRules: readonly {
      readonly apiGroups: readonly string[];
      readonly resources: readonly string[];
      readonly operations: readonly string[];
    }[];
  };
  readonly matchConditions?: readonly { readonly expression: string }[];
  readonly validations: readonly { readonly expression: string; readonly message?: string }[];
}

const POLICIES = 'admissionregistration.k8s.io/validatingadmissionpolicies';
const BINDINGS = 'admissionregistration.k8s.io/validatingadmissionpolicybindings';

/** Enforces every ValidatingAdmissionPolicy that is bound for the whole cluster. */
export function checkPolicies(
  { store }: Context,
  { resource, user, subresource }: ApiRequest,
  object: KubeObject,
  oldObject: KubeObject | undefined,
): void {
  if (subresource) return;
  const operation = oldObject ? 'UPDATE' : 'CREATE';
  const request = { operation, userInfo: { username: user.name } };
  const context = { request, object, oldObject: oldObject ?? null } as unknown as Tree;
  for (const { spec: binding } of store.list(BINDINGS)) {
    const policy = store.get(POLICIES, undefined, (binding as { policyName: string }).policyName);
    if (!policy) continue;
    const { matchConstraints, matchConditions = [], validations } = policy.spec as unknown as Policy;
    const matches = matchConstraints.resourceRules.some(
      ({ apiGroups, resources, operations }) =>
        apiGroups.includes(resource.group) &&
        resources.includes(resource.plural) &&
        operations.includes(operation),
    );
    if (!matches || !matchConditions.every(({ expression }) => compileRule(expression)(context) === true))
      continue;
    for (const { expression, message = expression } of validations) {
      if (compileRule(expression)(context) === true) continue;
      throw forbidden(
        `${resource.plural} "${object.metadata.name}" is forbidden: ValidatingAdmissionPolicy '${policy.metadata.name}' denied request: ${message}`,
      );
    }
  }
}

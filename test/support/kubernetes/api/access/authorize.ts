import { labelSelector } from '../selectors.ts';
import { forbidden } from '../status.ts';
import type { Store } from '../store.ts';
import type { KubeObject } from '../types.ts';
import type { User } from './authenticate.ts';

export interface Attributes {
  readonly verb: string;
  readonly group: string;
  /** With its subresource: `pods/log`. */
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface Access {
  /** Throws 403 unless a rule allows it. */
  check(user: User, attributes: Attributes): void;
  allows(user: User, attributes: Attributes): boolean;
  /**
   * Unused permissions of the role so far, as `verb group/resource`. A test asserts that there are none.
   * `namespace` is undefined for a ClusterRole.
   */
  unused(role: { name: string; namespace?: string }): string[];
  /** Every forbidden request, as `user verb group/resource`. */
  readonly refused: readonly string[];
}

const RBAC = 'rbac.authorization.k8s.io';

/** Role-based access control. Administrators may do anything. Records the permission that each request used. */
export function createAccess(store: Store): Access {
  const used = new Map<string, Set<string>>();
  const refused: string[] = [];

  function rulesOf(kind: string, namespace: string | undefined, name: string): PolicyRule[] {
    const storage = kind === 'Role' ? `${RBAC}/roles` : `${RBAC}/clusterroles`;
    const role = store.get(storage, kind === 'Role' ? namespace : undefined, name);
    return role ? ownRules(role) : [];
  }

  /** An aggregated role has the rules of all roles that its selectors match. */
  function ownRules(role: KubeObject): PolicyRule[] {
    const selectors = (
      role.aggregationRule as { clusterRoleSelectors?: { matchLabels?: Record<string, string> }[] }
    )?.clusterRoleSelectors;
    if (!selectors) return (role.rules as PolicyRule[] | undefined) ?? [];
    const tests = selectors.map(({ matchLabels = {} }) =>
      labelSelector(
        Object.entries(matchLabels)
          .map(([key, value]) => `${key}=${value}`)
          .join(','),
      ),
    );
    return store
      .list(`${RBAC}/clusterroles`)
      .filter((other) => other !== role && tests.some((test) => test(other)))
      .flatMap((other) => (other.rules as PolicyRule[] | undefined) ?? []);
  }

  function* bindingsOf(user: User, namespace: string | undefined): Iterable<KubeObject> {
    const candidates = [
      ...store.list(`${RBAC}/clusterrolebindings`),
      ...(namespace ? store.list(`${RBAC}/rolebindings`, namespace) : []),
    ];
    for (const binding of candidates) {
      const subjects = (binding.subjects ?? []) as { kind: string; name: string; namespace?: string }[];
      const isNamed = subjects.some((subject) =>
        subject.kind === 'ServiceAccount'
          ? user.name === `system:serviceaccount:${subject.namespace}:${subject.name}`
          : subject.kind === 'Group'
            ? user.groups.includes(subject.name)
            : subject.name === user.name,
      );
      if (isNamed) yield binding;
    }
  }

  function allows(user: User, attributes: Attributes): boolean {
    if (user.groups.includes('system:masters')) return true;
    let allowed = false;
    for (const binding of bindingsOf(user, attributes.namespace)) {
      const { kind, name } = binding.roleRef as { kind: string; name: string };
      for (const rule of rulesOf(kind, binding.metadata.namespace, name)) {
        if (!ruleAllows(rule, attributes)) continue;
        allowed = true;
        const role = kind === 'Role' ? `${binding.metadata.namespace}/${name}` : `/${name}`;
        if (!used.has(role)) used.set(role, new Set());
        used.get(role)!.add(permission(attributes.verb, attributes.group, attributes.resource));
      }
    }
    return allowed;
  }

  return {
    allows,
    refused,
    check(user, attributes) {
      if (allows(user, attributes)) return;
      const { verb, group, resource, namespace, name } = attributes;
      refused.push(`${user.name} ${permission(verb, group, resource)}`);
      const what = `${resource}${group ? `.${group}` : ''}`;
      const place = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope';
      throw forbidden(
        `${what}${name ? ` "${name}"` : ''} is forbidden: User "${user.name}" cannot ${verb} resource "${resource}" in API group "${group}" ${place}`,
      );
    },
    unused({ name, namespace }) {
      const rules = rulesOf(namespace ? 'Role' : 'ClusterRole', namespace, name);
      const given = rules.flatMap(({ verbs, apiGroups = [], resources = [] }) =>
        apiGroups.flatMap((group) =>
          resources.flatMap((it) => verbs.map((verb) => permission(verb, group, it))),
        ),
      );
      const taken = used.get(`${namespace ?? ''}/${name}`) ?? new Set();
      return given.filter((one) => !taken.has(one));
    },
  };
}

const permission = (verb: string, group: string, resource: string) =>
  `${verb} ${group ? `${group}/` : ''}${resource}`;

const holds = (list: readonly string[] | undefined, wanted: string) =>
  list?.includes('*') || list?.includes(wanted) || false;

function ruleAllows(rule: PolicyRule, { verb, group, resource, name }: Attributes): boolean {
  const subresource = resource.split('/')[1];
  return (
    holds(rule.verbs, verb) &&
    holds(rule.apiGroups, group) &&
    (holds(rule.resources, resource) || (!!subresource && holds(rule.resources, `*/${subresource}`))) &&
    (!rule.resourceNames?.length || (name !== undefined && rule.resourceNames.includes(name)))
  );
}

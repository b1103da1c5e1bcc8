import type { Credentials } from '../../shared/runtime/credentials.ts';
import { isPermitted, isTrusted, type Permits, type PolicyDocument, parsePolicy } from '../access/policy.ts';
import { RamRefusal } from './errors.ts';
import type { OperationDeps } from './operations/operation.ts';
import type { RamStore } from './store/ram-store.ts';
import { SYSTEM_POLICIES } from './store/system-policies.ts';

export interface RoleSession {
  /** Who assumes the role. */
  readonly principal: { readonly service: string } | { readonly accountId: string };
  readonly sessionName: string;
  /** Milliseconds until the keys expire. */
  readonly durationMs: number;
  /** Takes rights away. @default everything that the role allows */
  readonly restrict?: Permits;
}

export interface RoleKeys extends Required<Credentials> {
  readonly arn: string;
  readonly roleId: string;
}

/** Issues temporary keys of a role. Throws `EntityNotExist.Role`, or `NoPermission` for whom the role does not trust. */
export function assumeRoleAs(
  { store, sts, accountId }: Pick<OperationDeps, 'store' | 'sts' | 'accountId'>,
  roleArn: string,
  { principal, sessionName, durationMs, restrict }: RoleSession,
): RoleKeys {
  const [, account, name = ''] = /^acs:ram::(\d+):role\/(.+)$/i.exec(roleArn) ?? [];
  const role = account === accountId ? store.role(name) : undefined;
  if (!role) throw new RamRefusal('EntityNotExist.Role', `The role not exists: ${roleArn}`);
  if (!isTrusted(stored(role.trust), principal)) {
    const who =
      'service' in principal ? `the service ${principal.service}` : `the account ${principal.accountId}`;
    throw new RamRefusal('NoPermission', `The trust policy of ${roleArn} does not let ${who} assume it.`);
  }
  const permits: Permits = (question) =>
    isPermitted(policiesOf(role.name, store), question) && (restrict?.(question) ?? true);
  const arn = `acs:ram::${accountId}:assumed-role/${role.name}/${sessionName}`;
  return { ...sts.issue({ durationMs, permits, arn }), arn, roleId: role.id };
}

/** Read for each question: a change of a policy takes effect at once, also for keys that were issued before. */
function policiesOf(roleName: string, store: RamStore): PolicyDocument[] {
  return (store.role(roleName)?.policies ?? []).flatMap(({ name, type }) => {
    if (type === 'System') return SYSTEM_POLICIES[name] ?? [];
    const policy = store.policy(name);
    const version = policy?.versions.find(({ id }) => id === policy.defaultVersion);
    return version ? stored(version.text) : [];
  });
}

/** A document that was checked before it was stored. */
function stored(text: string): PolicyDocument {
  return parsePolicy(
    text,
    (reason) => new RamRefusal('InternalError', `A stored policy is damaged: ${reason}`),
  );
}

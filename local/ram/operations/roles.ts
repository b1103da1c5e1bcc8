import { parsePolicy } from '../../access/policy.ts';
import { RamRefusal } from '../errors.ts';
import type { StoredRole } from '../store/ram-store.ts';
import { arnOf, isoNow, newEntityId, type Operation, required, roleOf } from './operation.ts';

/** doc: bounds of a session's length. */
const MIN_SESSION_SECONDS = 3600;
const MAX_SESSION_SECONDS = 43_200;

export const createRole: Operation = async (parameters, deps) => {
  const name = required(parameters, 'RoleName');
  if (!/^[A-Za-z0-9.-]{1,64}$/.test(name)) {
    throw new RamRefusal(
      'InvalidParameter',
      `RoleName should have 1 to 64 letters, digits, dots and hyphens: ${name}`,
    );
  }
  if (deps.store.role(name)) {
    throw new RamRefusal('EntityAlreadyExists.Role', `The role already exists: ${name}`);
  }
  const role: StoredRole = {
    name,
    id: newEntityId(deps),
    description: parameters.get('Description') ?? '',
    trust: checkedPolicy(required(parameters, 'AssumeRolePolicyDocument')),
    maxSessionSeconds: sessionSecondsOf(parameters.get('MaxSessionDuration')),
    created: isoNow(deps),
    policies: [],
  };
  await deps.store.putRole(role);
  return { Role: describeRole(role, deps.accountId) };
};

export const getRole: Operation = (parameters, deps) => ({
  Role: describeRole(roleOf(parameters, deps), deps.accountId),
});

export const updateRole: Operation = async (parameters, deps) => {
  const role = roleOf(parameters, deps);
  const trust = parameters.get('NewAssumeRolePolicyDocument');
  const seconds = parameters.get('NewMaxSessionDuration');
  const changed: StoredRole = {
    ...role,
    description: parameters.get('NewDescription') ?? role.description,
    trust: trust === undefined ? role.trust : checkedPolicy(trust),
    maxSessionSeconds: seconds === undefined ? role.maxSessionSeconds : sessionSecondsOf(seconds),
  };
  await deps.store.putRole(changed);
  return { Role: describeRole(changed, deps.accountId) };
};

export const deleteRole: Operation = async (parameters, deps) => {
  const { name, policies } = roleOf(parameters, deps);
  if (policies.length > 0) {
    throw new RamRefusal('DeleteConflict.Role.Policy', `The role ${name} has ${policies.length} policies.`);
  }
  await deps.store.deleteRole(name);
  return {};
};

export const listRoles: Operation = (_, { store, accountId }) => ({
  IsTruncated: false,
  Roles: { Role: store.roles().map((role) => describeRole(role, accountId)) },
});

function describeRole(role: StoredRole, accountId: string) {
  const { name, id, description, trust, maxSessionSeconds, created } = role;
  return {
    RoleName: name,
    RoleId: id,
    Arn: arnOf(name, accountId),
    Description: description,
    AssumeRolePolicyDocument: trust,
    MaxSessionDuration: maxSessionSeconds,
    CreateDate: created,
  };
}

function checkedPolicy(text: string): string {
  parsePolicy(
    text,
    (reason) => new RamRefusal('MalformedPolicyDocument', `The trust policy is not valid: ${reason}`),
  );
  return text;
}

function sessionSecondsOf(text = String(MIN_SESSION_SECONDS)): number {
  const seconds = Number(text);
  if (seconds >= MIN_SESSION_SECONDS && seconds <= MAX_SESSION_SECONDS) return seconds;
  throw new RamRefusal(
    'InvalidParameter',
    `MaxSessionDuration should be ${MIN_SESSION_SECONDS} to ${MAX_SESSION_SECONDS} seconds, got ${text}`,
  );
}

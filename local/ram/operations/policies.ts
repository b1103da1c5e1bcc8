import { parsePolicy } from '../../access/policy.ts';
import { RamRefusal } from '../errors.ts';
import type { PolicyType, StoredPolicy } from '../store/ram-store.ts';
import { SYSTEM_POLICIES } from '../store/system-policies.ts';
import { isoNow, type Operation, type OperationDeps, type Parameters, required } from './operation.ts';

/** doc: versions that a policy may have. */
const MAX_VERSIONS = 5;
/** The platform's policies have no date here. */
const SYSTEM_DATE = '2015-05-01T00:00:00Z';

export const createPolicy: Operation = async (parameters, deps) => {
  const name = required(parameters, 'PolicyName');
  if (!/^[A-Za-z0-9-]{1,128}$/.test(name)) {
    throw new RamRefusal(
      'InvalidParameter',
      `PolicyName should have 1 to 128 letters, digits and hyphens: ${name}`,
    );
  }
  if (deps.store.policy(name) || Object.hasOwn(SYSTEM_POLICIES, name)) {
    throw new RamRefusal('EntityAlreadyExists.Policy', `The policy already exists: ${name}`);
  }
  const created = isoNow(deps);
  const policy: StoredPolicy = {
    name,
    description: parameters.get('Description') ?? '',
    created,
    versions: [{ id: 'v1', text: documentOf(parameters), created }],
    defaultVersion: 'v1',
  };
  await deps.store.putPolicy(policy);
  return { Policy: describe(policy, deps) };
};

export const getPolicy: Operation = (parameters, deps) => {
  const name = required(parameters, 'PolicyName');
  if (typeOf(parameters) === 'System') {
    const document = SYSTEM_POLICIES[name] ?? notThere(name);
    const text = JSON.stringify(document, null, 2);
    return {
      Policy: { ...describeSystem(name, deps), PolicyDocument: text },
      DefaultPolicyVersion: {
        VersionId: 'v1',
        IsDefaultVersion: true,
        PolicyDocument: text,
        CreateDate: SYSTEM_DATE,
      },
    };
  }
  const policy = policyOf(parameters, deps);
  const version = policy.versions.find(({ id }) => id === policy.defaultVersion)!;
  return {
    Policy: { ...describe(policy, deps), PolicyDocument: version.text },
    DefaultPolicyVersion: describeVersion(policy, version),
  };
};

export const listPolicies: Operation = (parameters, deps) => {
  const type = parameters.get('PolicyType');
  const custom = type === 'System' ? [] : deps.store.policies().map((policy) => describe(policy, deps));
  const system =
    type === 'Custom' ? [] : Object.keys(SYSTEM_POLICIES).map((name) => describeSystem(name, deps));
  return { IsTruncated: false, Policies: { Policy: [...custom, ...system] } };
};

export const deletePolicy: Operation = async (parameters, deps) => {
  const { name } = policyOf(parameters, deps);
  if (attachmentsOf(name, 'Custom', deps) > 0) {
    throw new RamRefusal('DeleteConflict.Policy.Role', `The policy ${name} is attached to a role.`);
  }
  await deps.store.deletePolicy(name);
  return {};
};

export const createPolicyVersion: Operation = async (parameters, deps) => {
  const policy = policyOf(parameters, deps);
  if (
    policy.versions.length >= MAX_VERSIONS &&
    parameters.get('RotateStrategy') !== 'DeleteOldestNonDefaultVersionWhenLimitExceeded'
  ) {
    throw new RamRefusal(
      'InvalidParameter',
      `The policy ${policy.name} has ${MAX_VERSIONS} versions: delete one first`,
    );
  }
  const latest = Number(policy.versions.at(-1)!.id.slice(1));
  const version = { id: `v${latest + 1}`, text: documentOf(parameters), created: isoNow(deps) };
  const others = policy.versions.filter(
    ({ id }, index) => policy.versions.length < MAX_VERSIONS || id === policy.defaultVersion || index > 0,
  );
  const isDefault = parameters.get('SetAsDefault') === 'true';
  const changed = {
    ...policy,
    versions: [...others.slice(1 - MAX_VERSIONS), version],
    defaultVersion: isDefault ? version.id : policy.defaultVersion,
  };
  await deps.store.putPolicy(changed);
  return { PolicyVersion: describeVersion(changed, version) };
};

export const listPolicyVersions: Operation = (parameters, deps) => {
  const policy = policyOf(parameters, deps);
  return {
    PolicyVersions: { PolicyVersion: policy.versions.map((version) => describeVersion(policy, version)) },
  };
};

export const deletePolicyVersion: Operation = async (parameters, deps) => {
  const policy = policyOf(parameters, deps);
  const id = required(parameters, 'VersionId');
  if (!policy.versions.some((version) => version.id === id)) {
    throw new RamRefusal('EntityNotExist.Policy.Version', `The policy ${policy.name} has no version ${id}.`);
  }
  if (id === policy.defaultVersion) {
    throw new RamRefusal('InvalidParameter', `${id} is the default version of the policy ${policy.name}`);
  }
  await deps.store.putPolicy({ ...policy, versions: policy.versions.filter((version) => version.id !== id) });
  return {};
};

export const attachPolicyToRole: Operation = async (parameters, deps) => {
  const role = deps.store.role(required(parameters, 'RoleName')) ?? noRole(parameters);
  const name = required(parameters, 'PolicyName');
  const type = typeOf(parameters);
  const exists =
    type === 'System' ? Object.hasOwn(SYSTEM_POLICIES, name) : deps.store.policy(name) !== undefined;
  if (!exists) notThere(name);
  if (role.policies.some((policy) => policy.name === name && policy.type === type)) {
    throw new RamRefusal(
      'EntityAlreadyExists.Role.Policy',
      `The policy ${name} is attached to ${role.name} already.`,
    );
  }
  await deps.store.putRole({ ...role, policies: [...role.policies, { name, type, attached: isoNow(deps) }] });
  return {};
};

export const detachPolicyFromRole: Operation = async (parameters, deps) => {
  const role = deps.store.role(required(parameters, 'RoleName')) ?? noRole(parameters);
  const name = required(parameters, 'PolicyName');
  const type = typeOf(parameters);
  const rest = role.policies.filter((policy) => policy.name !== name || policy.type !== type);
  if (rest.length === role.policies.length) {
    throw new RamRefusal('EntityNotExist.Role.Policy', `The policy ${name} is not attached to ${role.name}.`);
  }
  await deps.store.putRole({ ...role, policies: rest });
  return {};
};

export const listPoliciesForRole: Operation = (parameters, deps) => {
  const role = deps.store.role(required(parameters, 'RoleName')) ?? noRole(parameters);
  const policies = role.policies.map(({ name, type, attached }) => {
    const policy = type === 'Custom' ? deps.store.policy(name) : undefined;
    return {
      PolicyName: name,
      PolicyType: type,
      Description: policy?.description ?? '',
      DefaultVersion: policy?.defaultVersion ?? 'v1',
      AttachDate: attached,
    };
  });
  return { Policies: { Policy: policies } };
};

function noRole(parameters: Parameters): never {
  throw new RamRefusal('EntityNotExist.Role', `The role not exists: ${parameters.get('RoleName')}`);
}

function notThere(name: string): never {
  throw new RamRefusal('EntityNotExist.Policy', `The policy does not exist: ${name}`);
}

function policyOf(parameters: Parameters, { store }: OperationDeps): StoredPolicy {
  const name = required(parameters, 'PolicyName');
  return store.policy(name) ?? notThere(name);
}

function typeOf(parameters: Parameters): PolicyType {
  const type = required(parameters, 'PolicyType');
  if (type === 'System' || type === 'Custom') return type;
  throw new RamRefusal('InvalidParameter', `PolicyType should be System or Custom, got ${type}`);
}

function documentOf(parameters: Parameters): string {
  const text = required(parameters, 'PolicyDocument');
  parsePolicy(
    text,
    (reason) => new RamRefusal('MalformedPolicyDocument', `The policy is not valid: ${reason}`),
  );
  return text;
}

function attachmentsOf(name: string, type: PolicyType, { store }: OperationDeps): number {
  return store.roles().filter(({ policies }) => policies.some((it) => it.name === name && it.type === type))
    .length;
}

function describe({ name, description, created, defaultVersion }: StoredPolicy, deps: OperationDeps) {
  return {
    PolicyName: name,
    PolicyType: 'Custom',
    Description: description,
    DefaultVersion: defaultVersion,
    CreateDate: created,
    UpdateDate: created,
    AttachmentCount: attachmentsOf(name, 'Custom', deps),
  };
}

function describeSystem(name: string, deps: OperationDeps) {
  return {
    PolicyName: name,
    PolicyType: 'System',
    Description: '',
    DefaultVersion: 'v1',
    CreateDate: SYSTEM_DATE,
    UpdateDate: SYSTEM_DATE,
    AttachmentCount: attachmentsOf(name, 'System', deps),
  };
}

function describeVersion(policy: StoredPolicy, { id, text, created }: StoredPolicy['versions'][number]) {
  return {
    VersionId: id,
    IsDefaultVersion: id === policy.defaultVersion,
    PolicyDocument: text,
    CreateDate: created,
  };
}

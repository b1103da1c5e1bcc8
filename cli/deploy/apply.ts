import { toAppError } from '../../shared/runtime/errors.ts';
import { eventRules, type RuleData } from '../event-rules.ts';
import { isServiceCode } from '../open-api.ts';
import type { AccountAccess } from './account.ts';
import type { RamPolicy } from './policy.ts';
import type { RequiredPolicy, Requirement, RoleRequirement, RuleRequirement } from './requirements.ts';
import { type StoreRequirement, storeExists } from './store-exists.ts';

/** What became of a requirement. */
export type Applied = 'created' | 'changed' | 'exists';

const RAM = '2015-05-01';
const RESOURCE_MANAGER = '2020-03-31';

/** Creates what is missing, and brings roles and rules up to date. Applying twice changes nothing. */
export async function applyRequirement(requirement: Requirement, account: AccountAccess): Promise<Applied> {
  const { oss, mns } = account;
  switch (requirement.kind) {
    case 'bucket':
      return unlessThere(requirement, account, () => oss.createBucket(requirement.name));
    case 'queue': {
      const { name, retentionSeconds: messageRetentionPeriod } = requirement;
      return unlessThere(requirement, account, () => mns.createQueue(name, { messageRetentionPeriod }));
    }
    case 'topic':
      return unlessThere(requirement, account, () => mns.createTopic(requirement.name));
    case 'event rule':
      return applyRule(requirement, account);
    case 'role':
      return applyRole(requirement, account);
    case 'service-linked-role':
      return applyServiceLinkedRole(requirement.service, account);
  }
}

/** What exists with other attributes is left as it is. */
async function unlessThere(
  requirement: StoreRequirement,
  account: AccountAccess,
  create: () => Promise<void>,
): Promise<Applied> {
  if (await storeExists(requirement, account)) return 'exists';
  await create();
  return 'created';
}

/** The rule in the form of the API. */
export function ruleData({ name, bucket, prefixes, eventTypes, target }: RuleRequirement): RuleData {
  return {
    RuleName: name,
    EventTypes: eventTypes,
    MatchRules: prefixes.map((prefix) => [{ MatchState: true, Prefix: `${bucket}/${prefix}`, Suffix: '' }]),
    Endpoints: [{ EndpointType: target.type, EndpointValue: target.name }],
    DeliveryMode: target.type === 'queue' ? 'DIRECT' : 'BROADCAST',
  };
}

async function applyRule(rule: RuleRequirement, { api, endpoints }: AccountAccess): Promise<Applied> {
  const rules = eventRules(api, endpoints.mnsOpen);
  const wanted = ruleData(rule);
  const existing = (await rules.list()).find(({ RuleName }) => RuleName === rule.name);
  if (existing && isSameRule(existing, wanted)) return 'exists';
  if (existing) await rules.delete(rule.name);
  await rules.create(wanted);
  return existing ? 'changed' : 'created';
}

export function isSameRule(left: RuleData, right: RuleData): boolean {
  const fingerprint = ({ EventTypes, MatchRules, Endpoints }: RuleData) =>
    JSON.stringify([
      [...EventTypes].sort(),
      MatchRules.flat()
        .map(({ Prefix = '', Suffix = '' }) => [Prefix, Suffix])
        .sort(),
      Endpoints.map(({ EndpointType, EndpointValue }) => [EndpointType, EndpointValue]).sort(),
    ]);
  return fingerprint(left) === fingerprint(right);
}

interface RoleAnswer {
  readonly Role: { readonly AssumeRolePolicyDocument: string };
}

async function applyRole(role: RoleRequirement, account: AccountAccess): Promise<Applied> {
  const { name, trust, policies } = role;
  const ram = ramOf(account);
  const existing = await ram<RoleAnswer>('GetRole', { RoleName: name }).catch(
    orAbsent('EntityNotExist.Role'),
  );
  const text = JSON.stringify(trust);
  let outcome: Applied = existing ? 'exists' : 'created';
  if (!existing) await ram('CreateRole', { RoleName: name, AssumeRolePolicyDocument: text });
  else if (!isSameDocument(existing.Role.AssumeRolePolicyDocument, trust)) {
    await ram('UpdateRole', { RoleName: name, NewAssumeRolePolicyDocument: text });
    outcome = 'changed';
  }
  for (const policy of policies) {
    const changed = await applyPolicy(policy, account);
    const attached = await ram('AttachPolicyToRole', {
      RoleName: name,
      PolicyName: policy.name,
      PolicyType: policy.type,
    }).catch(orAbsent('EntityAlreadyExists.Role.Policy'));
    if (outcome === 'exists' && (changed || attached)) outcome = 'changed';
  }
  return outcome;
}

/** Whether the policy was written. */
async function applyPolicy(
  { name, type, document }: RequiredPolicy,
  account: AccountAccess,
): Promise<boolean> {
  if (!document) return false;
  const ram = ramOf(account);
  const existing = await policyText(name, type, account);
  if (existing !== undefined && isSameDocument(existing, document)) return false;
  const PolicyDocument = JSON.stringify(document);
  if (existing === undefined) await ram('CreatePolicy', { PolicyName: name, PolicyDocument });
  else {
    const RotateStrategy = 'DeleteOldestNonDefaultVersionWhenLimitExceeded';
    await ram('CreatePolicyVersion', {
      PolicyName: name,
      PolicyDocument,
      SetAsDefault: 'true',
      RotateStrategy,
    });
  }
  return true;
}

/** The document of a policy as it is now; `undefined` if there is none. */
export async function policyText(
  name: string,
  type: RequiredPolicy['type'],
  account: AccountAccess,
): Promise<string | undefined> {
  interface PolicyAnswer {
    readonly DefaultPolicyVersion: { readonly PolicyDocument: string };
  }
  const answer = await ramOf(account)<PolicyAnswer>('GetPolicy', {
    PolicyName: name,
    PolicyType: type,
  }).catch(orAbsent('EntityNotExist.Policy'));
  return answer?.DefaultPolicyVersion.PolicyDocument;
}

async function applyServiceLinkedRole(ServiceName: string, account: AccountAccess): Promise<Applied> {
  if (await serviceLinkedRoleExists(ServiceName, account)) return 'exists';
  const { api, endpoints } = account;
  await api.call({
    endpoint: endpoints.resourceManager,
    action: 'CreateServiceLinkedRole',
    version: RESOURCE_MANAGER,
    query: { ServiceName },
  });
  return 'created';
}

export async function serviceLinkedRoleExists(
  ServiceName: string,
  { api, endpoints }: AccountAccess,
): Promise<boolean> {
  const answer = await api.call({
    endpoint: endpoints.resourceManager,
    action: 'CheckServiceLinkedRoleExistence',
    version: RESOURCE_MANAGER,
    query: { ServiceName },
  });
  return (answer as { Exists: boolean }).Exists;
}

/** Calls RAM. */
export function ramOf({ api, endpoints }: AccountAccess) {
  return <T>(action: string, query: Readonly<Record<string, string>>): Promise<T> =>
    api.call({ endpoint: endpoints.ram, action, version: RAM, query }) as Promise<T>;
}

/** `undefined` for that code of the service; any other error stays one. */
export function orAbsent(code: string) {
  return (error: unknown): undefined => {
    if (isServiceCode(error, code)) return undefined;
    throw toAppError(error);
  };
}

/** Whether a document says the same, whatever its layout. */
export function isSameDocument(text: string, document: object | RamPolicy): boolean {
  return JSON.stringify(sorted(JSON.parse(text))) === JSON.stringify(sorted(document));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

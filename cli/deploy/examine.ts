import { toAppError } from '../../shared/runtime/errors.ts';
import { eventRules } from '../event-rules.ts';
import type { AccountAccess } from './account.ts';
import {
  isSameDocument,
  isSameRule,
  orAbsent,
  policyText,
  ramOf,
  ruleData,
  serviceLinkedRoleExists,
} from './apply.ts';
import type { Deployed } from './deployment.ts';
import { findFunction, triggerNames } from './function-compute.ts';
import {
  describeRequirement,
  type Requirement,
  type RoleRequirement,
  type RuleRequirement,
  requirementsOf,
} from './requirements.ts';
import { storeExists } from './store-exists.ts';

/** What is true about one thing that the deployment needs. */
export interface Finding {
  /** `unknown`: the keys may not ask. */
  readonly state: 'ok' | 'missing' | 'wrong' | 'unknown';
  readonly subject: string;
  /** What to do; absent if all is well. */
  readonly advice?: string;
}

export interface ExamineOptions {
  readonly account: AccountAccess;
  readonly bucket: string;
}

type Judgement = Omit<Finding, 'subject'>;

const SETUP = 'run npx mnsoss-face setup';
const OK: Judgement = { state: 'ok' };
const MISSING: Judgement = { state: 'missing', advice: SETUP };

/** Compares an account with a template: first what has to exist before `s deploy`, then the functions. */
export async function examine(deployed: readonly Deployed[], options: ExamineOptions): Promise<Finding[]> {
  const { account, bucket } = options;
  const findings: Finding[] = [];
  for (const requirement of requirementsOf(deployed, { bucket })) {
    findings.push(
      await finding(describeRequirement(requirement), () => examineRequirement(requirement, account)),
    );
  }
  for (const fn of deployed) {
    findings.push(await finding(`function ${fn.props.functionName}`, () => examineFunction(fn, account)));
  }
  return findings;
}

/** A service that refuses to answer is no proof that something is missing. */
async function finding(subject: string, look: () => Promise<Judgement>): Promise<Finding> {
  try {
    return { subject, ...(await look()) };
  } catch (error) {
    return { subject, state: 'unknown', advice: toAppError(error).message };
  }
}

async function examineRequirement(requirement: Requirement, account: AccountAccess): Promise<Judgement> {
  switch (requirement.kind) {
    case 'bucket':
    case 'queue':
    case 'topic':
      return (await storeExists(requirement, account)) ? OK : MISSING;
    case 'event rule':
      return examineRule(requirement, account);
    case 'role':
      return examineRole(requirement, account);
    case 'service-linked-role':
      return (await serviceLinkedRoleExists(requirement.service, account)) ? OK : MISSING;
  }
}

async function examineRule(rule: RuleRequirement, { api, endpoints }: AccountAccess): Promise<Judgement> {
  const rules = await eventRules(api, endpoints.mnsOpen).list();
  const found = rules.find(({ RuleName }) => RuleName === rule.name);
  if (!found) return MISSING;
  if (isSameRule(found, ruleData(rule))) return OK;
  return { state: 'wrong', advice: `it selects other events, or sends them elsewhere: ${SETUP}` };
}

async function examineRole(role: RoleRequirement, account: AccountAccess): Promise<Judgement> {
  interface Answer {
    readonly Role: { readonly AssumeRolePolicyDocument: string };
  }
  interface Policies {
    readonly Policies: { readonly Policy: readonly { readonly PolicyName: string }[] };
  }
  const ram = ramOf(account);
  const found = await ram<Answer>('GetRole', { RoleName: role.name }).catch(orAbsent('EntityNotExist.Role'));
  if (!found) return MISSING;
  if (!isSameDocument(found.Role.AssumeRolePolicyDocument, role.trust)) {
    return { state: 'wrong', advice: `another service may assume it: ${SETUP}` };
  }
  const { Policies } = await ram<Policies>('ListPoliciesForRole', { RoleName: role.name });
  const attached = Policies.Policy.map(({ PolicyName }) => PolicyName);
  for (const { name, type, document } of role.policies) {
    if (!attached.includes(name))
      return { state: 'wrong', advice: `the policy ${name} is not attached: ${SETUP}` };
    const text = document && (await policyText(name, type, account));
    if (document && (text === undefined || !isSameDocument(text, document))) {
      return { state: 'wrong', advice: `the policy ${name} is not the one for these settings: ${SETUP}` };
    }
  }
  return OK;
}

async function examineFunction({ props }: Deployed, account: AccountAccess): Promise<Judgement> {
  const { functionName, environmentVariables = {}, triggers = [] } = props;
  const found = await findFunction(functionName, account);
  if (!found) return { state: 'missing', advice: 'run npx s deploy -y' };
  const present = await triggerNames(functionName, account);
  const wanted = triggers.map(({ triggerName }) => triggerName);
  const left = present.filter((name) => !wanted.includes(name));
  if (left.length > 0) {
    return {
      state: 'wrong',
      advice: `the triggers ${left.join(', ')} are left from another TRIGGER: run npx mnsoss-face deploy`,
    };
  }
  const absent = wanted.filter((name) => !present.includes(name));
  if (absent.length > 0)
    return { state: 'wrong', advice: `no trigger ${absent.join(', ')}: run npx s deploy -y` };
  const deployedEnv = (found.environmentVariables ?? {}) as Record<string, string>;
  const differing = Object.keys(environmentVariables).filter(
    (name) => deployedEnv[name] !== environmentVariables[name] && environmentVariables[name] !== '',
  );
  if (differing.length > 0) {
    return {
      state: 'wrong',
      advice: `deployed with other values of ${differing.join(', ')}: run npx s deploy -y`,
    };
  }
  return OK;
}

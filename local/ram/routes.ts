import type { Operation, Parameters } from './operations/operation.ts';
import * as policies from './operations/policies.ts';
import * as roles from './operations/roles.ts';
import * as linked from './operations/service-linked-roles.ts';
import * as sessions from './operations/sessions.ts';

export interface Route {
  readonly handle: Operation;
  /** The RAM action that allows it; empty if everyone may. */
  readonly action: string;
  /** The part of the resource after `acs:ram:*:<account>:`. */
  readonly resource: (parameters: Parameters) => string;
}

const ofRole = (parameters: Parameters) => `role/${(parameters.get('RoleName') ?? '*').toLowerCase()}`;
const ofPolicy = (parameters: Parameters) => `policy/${parameters.get('PolicyName') ?? '*'}`;
const everything = () => '*';
/** The role that STS is asked to assume. */
const ofRoleArn = (parameters: Parameters) => (parameters.get('RoleArn') ?? '').replace(/^acs:ram::\d*:/, '');

/** Operations by the version of their API, and by name. */
// biome-ignore format: a table
export const ROUTES: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  // RAM
  '2015-05-01': {
    CreateRole:           { handle: roles.createRole,              action: 'ram:CreateRole',           resource: ofRole },
    GetRole:              { handle: roles.getRole,                 action: 'ram:GetRole',              resource: ofRole },
    UpdateRole:           { handle: roles.updateRole,              action: 'ram:UpdateRole',           resource: ofRole },
    DeleteRole:           { handle: roles.deleteRole,              action: 'ram:DeleteRole',           resource: ofRole },
    ListRoles:            { handle: roles.listRoles,               action: 'ram:ListRoles',            resource: everything },
    CreatePolicy:         { handle: policies.createPolicy,         action: 'ram:CreatePolicy',         resource: ofPolicy },
    GetPolicy:            { handle: policies.getPolicy,            action: 'ram:GetPolicy',            resource: ofPolicy },
    DeletePolicy:         { handle: policies.deletePolicy,         action: 'ram:DeletePolicy',         resource: ofPolicy },
    ListPolicies:         { handle: policies.listPolicies,         action: 'ram:ListPolicies',         resource: everything },
    CreatePolicyVersion:  { handle: policies.createPolicyVersion,  action: 'ram:CreatePolicyVersion',  resource: ofPolicy },
    ListPolicyVersions:   { handle: policies.listPolicyVersions,   action: 'ram:ListPolicyVersions',   resource: ofPolicy },
    DeletePolicyVersion:  { handle: policies.deletePolicyVersion,  action: 'ram:DeletePolicyVersion',  resource: ofPolicy },
    AttachPolicyToRole:   { handle: policies.attachPolicyToRole,   action: 'ram:AttachPolicyToRole',   resource: ofRole },
    DetachPolicyFromRole: { handle: policies.detachPolicyFromRole, action: 'ram:DetachPolicyFromRole', resource: ofRole },
    ListPoliciesForRole:  { handle: policies.listPoliciesForRole,  action: 'ram:ListPoliciesForRole',  resource: ofRole },
  },
  // STS
  '2015-04-01': {
    AssumeRole:           { handle: sessions.assumeRole,           action: 'sts:AssumeRole',           resource: ofRoleArn },
    GetCallerIdentity:    { handle: sessions.getCallerIdentity,    action: '',                         resource: everything },
  },
  // Resource manager
  '2020-03-31': {
    CheckServiceLinkedRoleExistence: {
      handle: linked.checkServiceLinkedRoleExistence, action: 'resourcemanager:CheckServiceLinkedRoleExistence', resource: everything,
    },
    CreateServiceLinkedRole: {
      handle: linked.createServiceLinkedRole, action: 'ram:CreateServiceLinkedRole', resource: everything,
    },
  },
};

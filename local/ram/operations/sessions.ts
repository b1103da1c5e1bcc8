import { isPermitted, type PolicyDocument, parsePolicy } from '../../access/policy.ts';
import { assumeRoleAs } from '../assume-role.ts';
import { RamRefusal } from '../errors.ts';
import { type Operation, required } from './operation.ts';

/** doc: seconds of a session. */
const MIN_SECONDS = 900;

/** STS */
export const assumeRole: Operation = (parameters, deps, caller) => {
  const arn = required(parameters, 'RoleArn');
  const sessionName = required(parameters, 'RoleSessionName');
  const seconds = Number(parameters.get('DurationSeconds') ?? 3600);
  if (!(seconds >= MIN_SECONDS)) {
    throw new RamRefusal('InvalidParameter', `DurationSeconds should be at least ${MIN_SECONDS}.`);
  }
  const text = parameters.get('Policy');
  const policy: PolicyDocument | undefined =
    text === undefined
      ? undefined
      : parsePolicy(
          text,
          (reason) => new RamRefusal('MalformedPolicyDocument', `The policy is not valid: ${reason}`),
        );
  const keys = assumeRoleAs(deps, arn, {
    principal: { accountId: caller.accountId },
    sessionName,
    durationMs: seconds * 1000,
    // doc: the session may do what both the role and its own policy allow.
    restrict: policy && ((question) => isPermitted([policy], question)),
  });
  return {
    Credentials: {
      AccessKeyId: keys.accessKeyId,
      AccessKeySecret: keys.accessKeySecret,
      SecurityToken: keys.securityToken,
      Expiration: new Date(keys.expiresAt).toISOString().replace(/\.\d{3}Z$/, 'Z'),
    },
    AssumedRoleUser: { Arn: keys.arn, AssumedRoleId: `${keys.roleId}:${sessionName}` },
  };
};

/** STS. Needs no right. */
export const getCallerIdentity: Operation = (_, { accountId }, { arn }) => ({
  IdentityType: arn === undefined ? 'Account' : 'AssumedRoleUser',
  AccountId: accountId,
  UserId: accountId,
  PrincipalId: accountId,
  Arn: arn ?? `acs:ram::${accountId}:root`,
});

import type { Deployed } from './deployment.ts';
import { allow, type RamPolicy, type RamStatement } from './policy.ts';
import { type RoleRequirement, requirementsOf } from './requirements.ts';

/**
 * The rights of who runs `s deploy`, `s info`, `s logs`, `s invoke` and `s remove`: what the component fc3 asks for before,
 * during and after. Roles and queues of the deployment exist already.
 */
export function deployerPolicy(
  deployed: readonly Deployed[],
  { accountId, bucket }: { readonly accountId: string; readonly bucket: string },
): RamPolicy {
  const { region } = deployed[0]!.props;
  const required = requirementsOf(deployed, { bucket });
  const roles = required.filter((it): it is RoleRequirement => it.kind === 'role');
  const isOwn = ({ policies }: RoleRequirement) => policies.some(({ type }) => type === 'Custom');
  // ARNs of roles are in lower case, names are not.
  const arnsOf = ({ name }: RoleRequirement) =>
    [...new Set([name, name.toLowerCase()])].map((spelled) => `acs:ram:*:${accountId}:role/${spelled}`);
  const statements: RamStatement[] = [
    // The place for uploaded code belongs to no function.
    allow(['fc:*'], [`acs:fc:${region}:${accountId}:functions/*`]),
    allow(['ram:PassRole'], roles.filter(isOwn).flatMap(arnsOf)),
    allow(
      [
        'log:GetProject',
        'log:CreateProject',
        'log:GetLogStore',
        'log:CreateLogStore',
        'log:GetIndex',
        'log:CreateIndex',
        'log:GetLogStoreLogs',
      ],
      [`acs:log:${region}:${accountId}:project/*`],
    ),
  ];
  const triggerRoles = roles.filter((role) => !isOwn(role)).flatMap(arnsOf);
  if (triggerRoles.length > 0) {
    // The component looks for the role before every command, and creates it once.
    statements.push(
      allow(
        ['ram:GetRole', 'ram:CreateRole', 'ram:ListPoliciesForRole', 'ram:AttachPolicyToRole'],
        triggerRoles,
      ),
    );
  }
  if (required.some(({ kind }) => kind === 'service-linked-role')) {
    statements.push(
      allow(['resourcemanager:CheckServiceLinkedRoleExistence', 'ram:CreateServiceLinkedRole'], ['*']),
    );
  }
  return { Version: '1', Statement: statements.filter(({ Resource }) => Resource.length > 0) };
}

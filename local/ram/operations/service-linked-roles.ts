import { RamRefusal } from '../errors.ts';
import { arnOf, isoNow, newEntityId, type Operation, required } from './operation.ts';

/** Resource manager. */
export const checkServiceLinkedRoleExistence: Operation = (parameters, { store }) => {
  const service = required(parameters, 'ServiceName');
  return { Exists: store.roles().some((role) => role.service === service) };
};

/** Resource manager. guess: the name of the role, after those that the console shows. */
export const createServiceLinkedRole: Operation = async (parameters, deps) => {
  const service = required(parameters, 'ServiceName');
  if (!/^[a-z0-9.-]+\.aliyuncs\.com$/.test(service)) {
    throw new RamRefusal('InvalidParameter', `ServiceName should end with .aliyuncs.com, got ${service}`);
  }
  const words = service.replace(/\.aliyuncs\.com$/, '').split(/[.-]/);
  const name = `AliyunServiceRoleFor${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}`;
  if (deps.store.role(name)) {
    throw new RamRefusal('EntityAlreadyExists.Role', `The role already exists: ${name}`);
  }
  const trust = {
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: [service] } }],
  };
  const role = {
    name,
    id: newEntityId(deps),
    description: parameters.get('Description') ?? '',
    trust: JSON.stringify(trust),
    maxSessionSeconds: 3600,
    created: isoNow(deps),
    policies: [],
    service,
  } as const;
  await deps.store.putRole(role);
  return {
    Role: {
      RoleName: name,
      RoleId: role.id,
      Arn: arnOf(name, deps.accountId),
      Description: role.description,
      AssumeRolePolicyDocument: role.trust,
      RolePrincipalName: `${name.toLowerCase()}@role.${deps.accountId}.onaliyunservice.com`,
      IsServiceLinkedRole: true,
      CreateDate: role.created,
    },
  };
};

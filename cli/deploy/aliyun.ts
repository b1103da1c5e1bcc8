import { ruleData } from './apply.ts';
import { describeRequirement, type Requirement, type RoleRequirement } from './requirements.ts';

/** A command of the official command line `aliyun`, without its name. */
export type AliyunCommand = readonly string[];

/** The commands that create a requirement. Of what exists already each says so, and changes nothing. */
export function aliyunCommands(requirement: Requirement, region: string): AliyunCommand[] {
  switch (requirement.kind) {
    case 'bucket':
      return [['oss', 'mb', `oss://${requirement.name}`, '--acl', 'private', '--region', region]];
    case 'queue':
      return [
        [
          'mns-open',
          'CreateQueue',
          '--region',
          region,
          '--QueueName',
          requirement.name,
          ...retentionOf(requirement),
        ],
      ];
    case 'topic':
      return [['mns-open', 'CreateTopic', '--region', region, '--TopicName', requirement.name]];
    case 'event rule': {
      const { RuleName, DeliveryMode, ...lists } = ruleData(requirement);
      const texts = Object.entries(lists).flatMap(([name, value]) => [`--${name}`, JSON.stringify(value)]);
      const names = ['--ProductName', 'oss', '--RuleName', RuleName, '--DeliveryMode', DeliveryMode];
      return [['mns-open', 'CreateEventRule', '--region', region, ...names, ...texts]];
    }
    case 'role':
      return roleCommands(requirement);
    case 'service-linked-role':
      return [['resourcemanager', 'CreateServiceLinkedRole', '--ServiceName', requirement.service]];
  }
}

function retentionOf({ retentionSeconds }: { readonly retentionSeconds?: number }): string[] {
  return retentionSeconds === undefined ? [] : ['--MessageRetentionPeriod', String(retentionSeconds)];
}

function roleCommands({ name, trust, policies }: RoleRequirement): AliyunCommand[] {
  const role = ['--RoleName', name];
  return [
    ['ram', 'CreateRole', ...role, '--AssumeRolePolicyDocument', JSON.stringify(trust)],
    ...policies.flatMap((policy): AliyunCommand[] => {
      const named = ['--PolicyName', policy.name];
      const create = ['ram', 'CreatePolicy', ...named, '--PolicyDocument', JSON.stringify(policy.document)];
      const attach = ['ram', 'AttachPolicyToRole', '--PolicyType', policy.type, ...named, ...role];
      return policy.document ? [create, attach] : [attach];
    }),
  ];
}

/** What `aliyun` prints when the thing exists already. */
export const ALREADY_THERE = /EntityAlreadyExists|AlreadyExist|BucketAlreadyExists|already (exists|own)/i;

/** doc: services that are switched on in their consoles, once per account. */
const ACTIVATE = [
  ['Object Storage Service', 'https://common-buy.aliyun.com/?commodityCode=oss'],
  ['Simple Message Queue (MNS)', 'https://mns.console.aliyun.com'],
  ['Function Compute', 'https://fcnext.console.aliyun.com'],
  ['Log Service', 'https://sls.console.aliyun.com'],
] as const;

/** A script of these commands for a shell. */
export function aliyunScript(
  requirements: readonly Requirement[],
  { region, usesFaceBody }: { readonly region: string; readonly usesFaceBody: boolean },
): string[] {
  const facebody = usesFaceBody ? [['FaceBody', 'https://vision.console.aliyun.com'] as const] : [];
  return [
    '# Activate once, in the console:',
    ...[...ACTIVATE, ...facebody].map(([name, url]) => `#   ${name}: ${url}`),
    '',
    ...requirements.flatMap((requirement) => [
      `# ${describeRequirement(requirement)}`,
      ...aliyunCommands(requirement, region).map((words) => ['aliyun', ...words].map(quoted).join(' ')),
    ]),
  ];
}

/** A word for a POSIX shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

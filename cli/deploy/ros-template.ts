import { ruleData } from './apply.ts';
import type { Requirement, RoleRequirement } from './requirements.ts';

type Resource = {
  readonly Type: string;
  readonly Properties: object;
  readonly DependsOn?: readonly string[];
};

/** A template of the Resource Orchestration Service (ROS) that creates the same, and removes it with its stack. */
export function rosTemplate(requirements: readonly Requirement[]) {
  const resources: Record<string, Resource> = {};
  for (const requirement of requirements) Object.assign(resources, resourcesOf(requirement));
  return {
    ROSTemplateFormatVersion: '2015-09-01',
    Description: 'What face recognition needs before its functions are deployed',
    Resources: resources,
  };
}

function resourcesOf(requirement: Requirement): Record<string, Resource> {
  switch (requirement.kind) {
    case 'bucket':
      return one('Bucket', requirement.name, 'ALIYUN::OSS::Bucket', {
        BucketName: requirement.name,
        AccessControl: 'private',
        DeletionForce: false,
      });
    case 'queue':
      return one('Queue', requirement.name, 'ALIYUN::MNS::Queue', {
        QueueName: requirement.name,
        MessageRetentionPeriod: requirement.retentionSeconds,
      });
    case 'topic':
      return one('Topic', requirement.name, 'ALIYUN::MNS::Topic', { TopicName: requirement.name });
    case 'event rule': {
      const { RuleName, EventTypes, MatchRules, Endpoints } = ruleData(requirement);
      const properties = { ProductName: 'oss', RuleName, EventTypes, MatchRules, Endpoints };
      const source = idOf(requirement.target.type === 'queue' ? 'Queue' : 'Topic', requirement.target.name);
      const rule = one('Rule', requirement.name, 'ALIYUN::MNS::EventRule', properties);
      const [[id, resource] = ['', undefined]] = Object.entries(rule);
      return { [id]: { ...resource!, DependsOn: [source, idOf('Bucket', requirement.bucket)] } };
    }
    case 'role':
      return roleResources(requirement);
    case 'service-linked-role':
      return one('Linked', requirement.service, 'ALIYUN::ResourceManager::ServiceLinkedRole', {
        ServiceName: requirement.service,
      });
  }
}

/** The policies of a function are part of its role; those of the platform are attached. */
function roleResources({ name, trust, policies }: RoleRequirement): Record<string, Resource> {
  return one('Role', name, 'ALIYUN::RAM::Role', {
    RoleName: name,
    AssumeRolePolicyDocument: trust,
    Policies: policies.flatMap(({ name: policy, document }) =>
      document ? [{ PolicyName: policy, PolicyDocument: document }] : [],
    ),
    PolicyAttachments: {
      System: policies.flatMap(({ name: policy, document }) => (document ? [] : [policy])),
    },
  });
}

function one(kind: string, name: string, Type: string, Properties: object): Record<string, Resource> {
  return { [idOf(kind, name)]: { Type, Properties } };
}

/** doc: ids hold letters and digits. */
function idOf(kind: string, name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter(Boolean);
  return `${kind}${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}`;
}

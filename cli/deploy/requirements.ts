import { RECOGNIZED_EVENTS } from '../../shared/envelope/event-types.ts';
import type { Deployed } from './deployment.ts';
import { functionPolicy, type RamPolicy, trustPolicy } from './policy.ts';
import type { TriggerProps } from './schema.ts';

/** What has to exist before `s deploy`, in the order in which it is created. */
export type Requirement =
  | { readonly kind: 'bucket'; readonly name: string }
  | { readonly kind: 'queue'; readonly name: string; readonly retentionSeconds?: number }
  | { readonly kind: 'topic'; readonly name: string }
  | RuleRequirement
  | RoleRequirement
  | { readonly kind: 'service-linked-role'; readonly service: string };

/** A rule that sends the events of a bucket to a queue or a topic. */
export interface RuleRequirement {
  readonly kind: 'event rule';
  readonly name: string;
  readonly bucket: string;
  readonly prefixes: readonly string[];
  readonly eventTypes: readonly string[];
  readonly target: { readonly type: 'queue' | 'topic'; readonly name: string };
}

export interface RoleRequirement {
  readonly kind: 'role';
  readonly name: string;
  readonly trust: object;
  readonly policies: readonly RequiredPolicy[];
}

/** A policy of the platform has no document here. */
export interface RequiredPolicy {
  readonly name: string;
  readonly type: 'System' | 'Custom';
  readonly document?: RamPolicy;
}

/** doc: seven days, the longest. */
const LETTERS_SECONDS = 604_800;

/** doc: the roles with which the services of Alibaba Cloud invoke functions. */
const TRIGGER_ROLES: Readonly<
  Record<string, { name: string; service: string; policies: readonly string[] }>
> = {
  oss: {
    name: 'AliyunOSSEventNotificationRole',
    service: 'oss.aliyuncs.com',
    policies: ['AliyunOSSEventNotificationRolePolicy', 'AliyunFCInvocationAccess'],
  },
  mns_topic: {
    name: 'AliyunMNSNotificationRole',
    service: 'mns.aliyuncs.com',
    policies: ['AliyunMNSNotificationRolePolicy'],
  },
};

/** doc: EventBridge reads queues and invokes functions with roles of its own. */
const BRIDGE_SERVICES = ['sendevent-fc.eventbridge.aliyuncs.com', 'sendevent-mns.eventbridge.aliyuncs.com'];

export interface RequirementOptions {
  /** The bucket of the uploads. */
  readonly bucket: string;
}

/** What the functions of a template need, for the settings that it was rendered with. */
export function requirementsOf(deployed: readonly Deployed[], { bucket }: RequirementOptions): Requirement[] {
  const triggers = deployed.flatMap(({ props }) => props.triggers ?? []);
  return unique([
    ...bucketsOf(deployed, bucket),
    ...deployed.flatMap(destinationQueues),
    ...sourcesOf(deployed, triggers, bucket),
    ...deployed.map((fn): Requirement => roleOf(fn, bucket)),
    ...triggers.flatMap(triggerRole),
  ]);
}

function bucketsOf(deployed: readonly Deployed[], bucket: string): Requirement[] {
  const results = deployed
    .map(({ props }) => props.environmentVariables?.RESULT_BUCKET)
    .filter(Boolean) as string[];
  return [bucket, ...results].map((name) => ({ kind: 'bucket', name }));
}

/** Where failed events go. */
function destinationQueues({ props }: Deployed): Requirement[] {
  const { onSuccess, onFailure } = props.asyncInvokeConfig?.destinationConfig ?? {};
  const arns = [onSuccess, onFailure].map((target) => target?.destination ?? '');
  const letters = /^mns:(.+)$/.exec(props.environmentVariables?.DEAD_LETTERS ?? '')?.[1];
  const queues = arns.map((arn) => /:\/queues\/([^/]+)\/messages$/.exec(arn)?.[1]);
  return [...queues, letters].flatMap((name) =>
    name === undefined ? [] : [{ kind: 'queue', name, retentionSeconds: LETTERS_SECONDS } as const],
  );
}

/** The queue or topic that a trigger or the poller reads, and the rule that fills it. */
function sourcesOf(
  deployed: readonly Deployed[],
  triggers: readonly TriggerProps[],
  bucket: string,
): Requirement[] {
  const sources = [
    ...triggers.flatMap(sourceOfTrigger),
    ...deployed
      .filter(isPolling)
      .map(({ props }) => ({ type: 'queue' as const, name: props.environmentVariables!.MNS_QUEUE! })),
  ];
  const prefixes = watchedPrefixes(deployed);
  return sources.flatMap((target): Requirement[] => [
    { kind: target.type, name: target.name },
    {
      kind: 'event rule',
      name: `mnsoss-${target.name}`,
      bucket,
      prefixes,
      eventTypes: RECOGNIZED_EVENTS,
      target,
    },
  ]);
}

function sourceOfTrigger(trigger: TriggerProps): RuleRequirement['target'][] {
  if (trigger.triggerType === 'mns_topic') {
    return [{ type: 'topic', name: trigger.sourceArn.slice(trigger.sourceArn.lastIndexOf('/') + 1) }];
  }
  if (trigger.triggerType !== 'eventbridge') return [];
  const { eventSourceConfig } = trigger.triggerConfig;
  if (eventSourceConfig.eventSourceType !== 'MNS') return [];
  return [{ type: 'queue', name: eventSourceConfig.eventSourceParameters.sourceMNSParameters.QueueName }];
}

/** Whether the function drains a queue, and its timer is on. */
function isPolling({ props }: Deployed): boolean {
  const isOn = (props.triggers ?? []).some((it) => it.triggerType === 'timer' && it.triggerConfig.enable);
  return isOn && props.environmentVariables?.MNS_QUEUE !== undefined;
}

/** doc: at most five prefixes per rule. */
function watchedPrefixes(deployed: readonly Deployed[]): string[] {
  const prefixes = deployed.flatMap(({ props: { environmentVariables: env = {} } }) => {
    if (env.SOURCE_PREFIX === undefined) return [];
    const keepsPeople = env.GALLERY !== undefined && env.GALLERY !== 'off';
    return keepsPeople ? [env.SOURCE_PREFIX, env.PEOPLE_PREFIX || 'people/'] : [env.SOURCE_PREFIX];
  });
  return [...new Set(prefixes)];
}

function roleOf({ props }: Deployed, bucket: string): RoleRequirement {
  const name = (props.role ?? '').replace(/^acs:ram::\d+:role\//, '');
  return {
    kind: 'role',
    name,
    trust: trustPolicy('fc.aliyuncs.com'),
    policies: [{ name, type: 'Custom', document: functionPolicy(props, bucket) }],
  };
}

function triggerRole(trigger: TriggerProps): Requirement[] {
  if (trigger.triggerType === 'eventbridge') {
    return BRIDGE_SERVICES.map((service) => ({ kind: 'service-linked-role', service }));
  }
  const role = TRIGGER_ROLES[trigger.triggerType];
  if (!role || trigger.invocationRole) return [];
  return [
    {
      kind: 'role',
      name: role.name,
      trust: trustPolicy(role.service),
      policies: role.policies.map((name) => ({ name, type: 'System' })),
    },
  ];
}

/** The first of those that mean the same thing. */
function unique(requirements: readonly Requirement[]): Requirement[] {
  const known = new Map<string, Requirement>();
  for (const requirement of requirements) {
    const id = describeRequirement(requirement);
    if (!known.has(id)) known.set(id, requirement);
  }
  return [...known.values()];
}

/** `queue face-dead-letters` */
export function describeRequirement(requirement: Requirement): string {
  return `${requirement.kind} ${'name' in requirement ? requirement.name : requirement.service}`;
}

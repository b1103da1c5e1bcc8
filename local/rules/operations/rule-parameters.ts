import * as z from 'zod/mini';
import type { MatchResource } from '../../events/filter.ts';
import { RuleRefusal } from '../errors.ts';
import type { EventRule, NewEventRule, RuleEndpoint } from '../rule.ts';
import { type Parameters, required } from './operation.ts';

// Terraform writes booleans as text.
const Flag = z.union([
  z.boolean(),
  z.pipe(
    z.enum(['true', 'false']),
    z.transform((text) => text === 'true'),
  ),
]);
const Condition = z.object({
  MatchState: z.optional(Flag),
  Name: z.optional(z.string()),
  Prefix: z.optional(z.string()),
  Suffix: z.optional(z.string()),
});
type Condition = z.infer<typeof Condition>;

const EventTypes = z.array(z.string());
const MatchRules = z.array(z.array(Condition));
const Endpoint = z.object({
  EndpointType: z.enum(['http', 'queue', 'topic']),
  EndpointValue: z.string(),
});
const Endpoints = z.array(Endpoint);
const DeliveryMode = z.enum(['DIRECT', 'BROADCAST']);

/** Reads the parameters of CreateEventRule. */
export function readRule(parameters: Parameters): NewEventRule {
  return {
    name: required(parameters, 'RuleName'),
    eventTypes: json(parameters, 'EventTypes', EventTypes),
    resources: json(parameters, 'MatchRules', MatchRules).map(readConditions),
    ...readDelivery(parameters),
  };
}

function json<T extends z.ZodMiniType>(parameters: Parameters, name: string, schema: T): z.infer<T> {
  const text = required(parameters, name);
  try {
    return z.parse(schema, JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.core.$ZodError ? z.prettifyError(error) : 'it is not JSON';
    throw new RuleRefusal('InvalidParameter', `${name}: ${why}`);
  }
}

/** The inner list means AND; here each holds one condition. */
function readConditions(conditions: readonly Condition[]): MatchResource {
  const [condition, ...more] = conditions;
  if (!condition || more.length > 0) {
    throw new RuleRefusal('InvalidParameter', 'MatchRules: each inner list should hold one condition.');
  }
  const { MatchState = true, Name = '', Prefix = '', Suffix = '' } = condition;
  if (!MatchState) {
    throw new RuleRefusal('InvalidParameter', 'MatchRules: MatchState false is not supported here.');
  }
  if (Name && (Prefix || Suffix)) {
    throw new RuleRefusal('InvalidParameter', 'MatchRules: Name excludes Prefix and Suffix.');
  }
  const { bucket, path } = splitResource(Name || Prefix);
  if (!bucket) throw new RuleRefusal('InvalidParameter', 'MatchRules: a condition should name a bucket.');
  if (Name && path) return { bucket, key: path };
  return { bucket, prefix: path, suffix: Suffix };
}

/** `bucket/folder/file`, or the same after `acs:oss:<region>:<account>:`. */
function splitResource(text: string): { bucket: string; path: string } {
  const resource = text.replace(/^acs:oss:[^:]*:[^:]*:/, '');
  const slash = resource.indexOf('/');
  return slash < 0
    ? { bucket: resource, path: '' }
    : { bucket: resource.slice(0, slash), path: resource.slice(slash + 1) };
}

/**
 * doc: messages go to a queue directly, and from a topic to its subscribers. `Endpoint` is the current form,
 * `Endpoints` with `DeliveryMode` the deprecated one.
 */
function readDelivery(parameters: Parameters): Pick<NewEventRule, 'endpoints' | 'delivery'> {
  if (parameters.has('Endpoint')) {
    const endpoint = readEndpoint(json(parameters, 'Endpoint', Endpoint));
    return { endpoints: [endpoint], delivery: endpoint.type === 'topic' ? 'broadcast' : 'direct' };
  }
  const mode = DeliveryMode.safeParse(parameters.get('DeliveryMode') ?? 'BROADCAST');
  if (!mode.success) {
    throw new RuleRefusal('InvalidParameter', 'DeliveryMode should be DIRECT or BROADCAST.');
  }
  return {
    endpoints: json(parameters, 'Endpoints', Endpoints).map(readEndpoint),
    delivery: mode.data === 'DIRECT' ? 'direct' : 'broadcast',
  };
}

function readEndpoint({ EndpointType, EndpointValue }: z.infer<typeof Endpoint>): RuleEndpoint {
  return EndpointType === 'http'
    ? { type: EndpointType, url: EndpointValue }
    : { type: EndpointType, name: EndpointValue };
}

/** doc: the data of GetEventRule. */
export function ruleData(rule: EventRule) {
  const [first] = rule.endpoints;
  return {
    RuleName: rule.name,
    EventTypes: rule.eventTypes,
    MatchRules: rule.resources.map((resource) => [conditionOf(resource)]),
    ...(first && (rule.delivery === 'direct' || first.type === 'topic') && { Endpoint: endpointData(first) }),
    Endpoints: rule.endpoints.map(endpointData),
    DeliveryMode: rule.delivery === 'direct' ? 'DIRECT' : 'BROADCAST',
    TopicName: rule.topic,
  };
}

function conditionOf(resource: MatchResource) {
  if ('key' in resource) return { MatchState: true, Name: `${resource.bucket}/${resource.key}` };
  const { bucket, prefix, suffix } = resource;
  if (!prefix && !suffix) return { MatchState: true, Name: bucket };
  return { MatchState: true, Prefix: `${bucket}/${prefix}`, Suffix: suffix };
}

function endpointData(endpoint: RuleEndpoint) {
  return {
    EndpointType: endpoint.type,
    EndpointValue: endpoint.type === 'http' ? endpoint.url : endpoint.name,
  };
}

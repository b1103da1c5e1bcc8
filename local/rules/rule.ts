import { EVENT_TYPES } from '../../shared/envelope/event-types.ts';
import { AppError } from '../../shared/runtime/errors.ts';

/** What a rule matches: one object by its full name, or all whose key begins and ends so; both empty: all. */
export type MatchResource =
  | { readonly bucket: string; readonly key: string }
  | { readonly bucket: string; readonly prefix: string; readonly suffix: string };

/** A topic of one's own stands alone: who gets its messages is said by its subscriptions. */
export type RuleEndpoint =
  | { readonly type: 'queue'; readonly name: string }
  | { readonly type: 'topic'; readonly name: string }
  | { readonly type: 'http'; readonly url: string };

/** An event rule as it was asked for. */
export interface NewEventRule {
  readonly name: string;
  /** `ObjectCreated:PutObject`, or `ObjectCreated:*` for a group. */
  readonly eventTypes: readonly string[];
  readonly resources: readonly MatchResource[];
  readonly endpoints: readonly RuleEndpoint[];
  /** `broadcast` through a topic, the rule's or one's own, `direct` into one queue; `broadcast` when absent. */
  readonly delivery?: 'broadcast' | 'direct';
  /** How messages reach the endpoints of a topic; the console's rules deliver `SIMPLIFIED`. */
  readonly format?: 'SIMPLIFIED' | 'JSON' | 'XML';
}

export interface EventRule extends Required<NewEventRule> {
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** The one made for the rule, or one's own. Absent for direct delivery. */
  readonly topic?: string;
}

/** doc: of rules in a region, resources and endpoints of a rule. */
export const MAX_RULES = 10;
const MAX_RESOURCES = 5;
const MAX_ENDPOINTS = 5;

/** Throws `ConfigInvalid` with every fault of a rule that can be seen without looking at others. */
export function checkRule(spec: NewEventRule): void {
  const faults: string[] = [];
  const { name, eventTypes, resources, endpoints, delivery } = spec;
  if (!/^[A-Za-z][A-Za-z0-9-]{0,84}$/.test(name)) {
    faults.push('the name must begin with a letter and hold at most 85 letters, digits and hyphens');
  }
  if (eventTypes.length === 0) faults.push('at least one event type is needed');
  for (const type of eventTypes) {
    if (!isEventType(type)) faults.push(`event type ${JSON.stringify(type)} is unknown`);
  }
  if (new Set(eventTypes).size < eventTypes.length) faults.push('an event type is named twice');
  if (resources.length === 0 || resources.length > MAX_RESOURCES) {
    faults.push(`expected 1 to ${MAX_RESOURCES} resources, got ${resources.length}`);
  }
  for (const [index, resource] of resources.entries()) {
    if (resource.bucket === '') faults.push(`resource ${index + 1} names no bucket`);
    const other = resources.slice(0, index).findIndex((before) => intersect(before, resource));
    if (other >= 0) faults.push(`resources ${other + 1} and ${index + 1} intersect`);
  }
  if (endpoints.length === 0 || endpoints.length > MAX_ENDPOINTS) {
    faults.push(`expected 1 to ${MAX_ENDPOINTS} endpoints, got ${endpoints.length}`);
  }
  for (const endpoint of endpoints) {
    if (endpoint.type === 'http' && !/^https?:\/\//.test(endpoint.url)) {
      faults.push(`endpoint ${JSON.stringify(endpoint.url)} must begin with http:// or https://`);
    }
  }
  if (delivery === 'direct' && (endpoints.length !== 1 || endpoints[0]!.type !== 'queue')) {
    faults.push('direct delivery goes to exactly one queue');
  }
  if (endpoints.length > 1 && endpoints.some(({ type }) => type === 'topic')) {
    faults.push('a topic of your own is the only endpoint: subscribe the others to it');
  }
  if (faults.length > 0) {
    throw new AppError('ConfigInvalid', `event rule ${JSON.stringify(name)}: ${faults.join('; ')}`, {
      details: { faults },
    });
  }
}

/** Throws `ConfigInvalid` naming the other rule when two would tell of the same event on the same object. */
export function checkOverlap(spec: NewEventRule, others: readonly EventRule[]): void {
  for (const other of others) {
    const type = spec.eventTypes.find((mine) => other.eventTypes.some((theirs) => shareEvent(mine, theirs)));
    if (type === undefined) continue;
    if (!spec.resources.some((mine) => other.resources.some((theirs) => intersect(mine, theirs)))) continue;
    throw new AppError(
      'ConfigInvalid',
      `event rule ${spec.name} overlaps with rule ${other.name}: both cover ${type} of the same objects`,
      { details: { rule: spec.name, other: other.name } },
    );
  }
}

function isEventType(type: string): boolean {
  return EVENT_TYPES.some(({ name }) => name === type || `${name.split(':')[0]}:*` === type);
}

/** Whether a rule tells of an event of that name on that object. */
export function matches(rule: NewEventRule, eventName: string, bucket: string, key: string): boolean {
  return (
    rule.eventTypes.some((type) => shareEvent(type, eventName)) &&
    rule.resources.some((resource) => resource.bucket === bucket && covers(resource, key))
  );
}

function shareEvent(left: string, right: string): boolean {
  if (left === right) return true;
  const [leftGroup, leftName] = left.split(':');
  const [rightGroup, rightName] = right.split(':');
  return leftGroup === rightGroup && (leftName === '*' || rightName === '*');
}

function covers(resource: MatchResource, key: string): boolean {
  if ('key' in resource) return resource.key === key;
  const { prefix, suffix } = resource;
  // A key as short as `a` does both begin and end with `a`; prefix and suffix may share characters.
  return key.startsWith(prefix) && key.endsWith(suffix);
}

/** Whether some key is covered by both. */
export function intersect(left: MatchResource, right: MatchResource): boolean {
  if (left.bucket !== right.bucket) return false;
  if ('key' in left) return covers(right, left.key);
  if ('key' in right) return covers(left, right.key);
  // A long enough key begins with the longer prefix and ends with the longer suffix, if each extends the other's.
  const prefixes = left.prefix.startsWith(right.prefix) || right.prefix.startsWith(left.prefix);
  const suffixes = left.suffix.endsWith(right.suffix) || right.suffix.endsWith(left.suffix);
  return prefixes && suffixes;
}

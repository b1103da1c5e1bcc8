import { AppError } from '../../shared/runtime/errors.ts';
import { type EventFilter, haveCommonEvent, intersect } from '../events/filter.ts';

/** An own topic is the only endpoint of its rule: the topic's subscriptions decide who gets the messages. */
export type RuleEndpoint =
  | { readonly type: 'queue'; readonly name: string }
  | { readonly type: 'topic'; readonly name: string }
  | { readonly type: 'http'; readonly url: string };

/** An event rule to create. */
export interface NewEventRule extends EventFilter {
  readonly name: string;
  readonly endpoints: readonly RuleEndpoint[];
  /** `broadcast`: through a topic, the rule's or an own one; `direct`: into one queue. @default 'broadcast' */
  readonly delivery?: 'broadcast' | 'direct';
  /** The format in which a topic delivers, as the console's rules do. @default 'SIMPLIFIED' */
  readonly format?: 'SIMPLIFIED' | 'JSON' | 'XML';
}

export interface EventRule extends Required<NewEventRule> {
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** The rule's topic, or an own one. Absent for direct delivery. */
  readonly topic?: string;
}

/** doc: the groups of events and their members. */
const EVENT_GROUPS: Readonly<Record<string, readonly string[]>> = {
  ObjectCreated: [
    'PutObject',
    'PostObject',
    'CopyObject',
    'AppendObject',
    'InitiateMultipartUpload',
    'UploadPart',
    'UploadPartCopy',
    'CompleteMultipartUpload',
    'PutSymlink',
  ],
  ObjectDownloaded: ['GetObject'],
  ObjectModified: ['UpdateObjectMeta', 'ChangeStorageClass'],
  ObjectRemoved: ['DeleteObject', 'DeleteObjects', 'AbortMultipartUpload'],
  ObjectReplication: ['ObjectCreated', 'ObjectRemoved', 'ObjectModified'],
  ObjectRestore: ['FinishRestore'],
};

/** doc: rules per region, resources and endpoints per rule. */
export const MAX_RULES = 10;
const MAX_RESOURCES = 5;
const MAX_ENDPOINTS = 5;

/** Throws `ConfigInvalid` that lists every fault of a rule, not counting those that concern other rules. */
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

/** Throws `ConfigInvalid` that names another rule that covers the same event of the same object. */
export function checkOverlap(spec: NewEventRule, others: readonly EventRule[]): void {
  for (const other of others) {
    const type = spec.eventTypes.find((mine) =>
      other.eventTypes.some((theirs) => haveCommonEvent(mine, theirs)),
    );
    if (type === undefined) continue;
    if (!spec.resources.some((mine) => other.resources.some((theirs) => intersect(mine, theirs)))) continue;
    throw new AppError(
      'ConfigInvalid',
      `event rule ${spec.name} overlaps with rule ${other.name}: both cover ${type} of the same objects`,
      { details: { rule: spec.name, other: other.name } },
    );
  }
}

export function isEventType(type: string): boolean {
  const [group = '', name = '', ...rest] = type.split(':');
  const names = Object.hasOwn(EVENT_GROUPS, group) ? EVENT_GROUPS[group]! : undefined;
  return names !== undefined && rest.length === 0 && (name === '*' || names.includes(name));
}

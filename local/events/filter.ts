/** Matches one object by its full name, or all whose key has the prefix and the suffix; both empty match all. */
export type MatchResource =
  | { readonly bucket: string; readonly key: string }
  | { readonly bucket: string; readonly prefix: string; readonly suffix: string };

/** Selects events, as a rule or a trigger does. */
export interface EventFilter {
  /** `ObjectCreated:PutObject`, or `ObjectCreated:*` for a group. */
  readonly eventTypes: readonly string[];
  readonly resources: readonly MatchResource[];
}

/** Whether a filter selects the event of that name on that object. */
export function matches(
  { eventTypes, resources }: EventFilter,
  { eventName, bucket, key }: { eventName: string; bucket: string; key: string },
): boolean {
  return (
    eventTypes.some((type) => haveCommonEvent(type, eventName)) &&
    resources.some((resource) => resource.bucket === bucket && covers(resource, key))
  );
}

/** Whether an event belongs to both types. */
export function haveCommonEvent(left: string, right: string): boolean {
  if (left === right) return true;
  const [leftGroup, leftName] = left.split(':');
  const [rightGroup, rightName] = right.split(':');
  return leftGroup === rightGroup && (leftName === '*' || rightName === '*');
}

/** Whether both resources match some key. */
export function intersect(left: MatchResource, right: MatchResource): boolean {
  if (left.bucket !== right.bucket) return false;
  if ('key' in left) return covers(right, left.key);
  if ('key' in right) return covers(left, right.key);
  // A long enough key begins with the longer prefix and ends with the longer suffix, if each extends the other's.
  const prefixes = left.prefix.startsWith(right.prefix) || right.prefix.startsWith(left.prefix);
  const suffixes = left.suffix.endsWith(right.suffix) || right.suffix.endsWith(left.suffix);
  return prefixes && suffixes;
}

function covers(resource: MatchResource, key: string): boolean {
  if ('key' in resource) return resource.key === key;
  const { prefix, suffix } = resource;
  // Prefix and suffix may share characters: the key `a` both begins and ends with `a`.
  return key.startsWith(prefix) && key.endsWith(suffix);
}

import { fieldSchema, type Schema } from '../schema/schema.ts';
import { ApiError } from '../status.ts';
import { isTree, type KubeObject, same, type Tree } from '../types.ts';
import { isGranularList, itemElement, readable } from './field-set.ts';
import {
  claim,
  isSameWriter,
  type Owned,
  ownable,
  readOwned,
  type Writer,
  writeOwned,
} from './managed-fields.ts';

/**
 * Server-side apply: adds to the live object what the manager applies, and removes what it applied before if no other
 * manager owns it. Throws 409 where another manager owns a field with another value, unless forced.
 */
export function serverSideApply(
  live: KubeObject | undefined,
  applied: KubeObject,
  schema: Schema,
  writer: Writer,
  force: boolean,
): KubeObject {
  const mine = ownable(applied, schema);
  const present: Map<string, unknown> = live ? ownable(live, schema) : new Map();
  const owned = readOwned(live);
  const isMe = ({ entry }: Owned) => isSameWriter(entry, 'Apply', writer);

  const disputed = [...mine].filter(([path, value]) => present.has(path) && !same(present.get(path), value));
  const conflicts = owned
    .filter((one) => !isMe(one))
    .flatMap(({ entry, fields }) =>
      disputed.filter(([path]) => fields.has(path)).map(([path]) => ({ entry, path })),
    );
  if (conflicts.length > 0 && !force) throw applyConflict(conflicts);
  for (const one of owned) {
    if (!isMe(one)) for (const [path] of disputed) one.fields.delete(path);
  }

  const before = owned.find(isMe)?.fields ?? new Set();
  const others = new Set(owned.filter((one) => !isMe(one)).flatMap(({ fields }) => [...fields]));
  const dropped = [...before].filter((path) => !mine.has(path) && !others.has(path));
  const merged = mergeApplied(structuredClone(live), applied, schema) as KubeObject;
  // Remove items before their fields, so that no partial item remains.
  const depth = (path: string) => (JSON.parse(path) as string[]).length;
  for (const path of dropped.sort((a, b) => depth(a) - depth(b))) {
    remove(merged, JSON.parse(path) as string[], schema, others, path);
  }
  claim(owned, 'Apply', writer, new Set(mine.keys()));
  writeOwned(merged, owned);
  return merged;
}

function applyConflict(conflicts: readonly { entry: { manager: string }; path: string }[]): ApiError {
  const causes = conflicts.map(({ entry, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with "${entry.manager}"`,
    field: readable(path),
  }));
  const count = causes.length === 1 ? '1 conflict' : `${causes.length} conflicts`;
  const lines = causes.map(({ message, field }) => `${message}: ${field}`);
  const said = causes.length === 1 ? lines[0] : `\n- ${lines.join('\n- ')}`;
  return new ApiError(409, 'Conflict', `Apply failed with ${count}: ${said}`, { causes });
}

function mergeApplied(live: unknown, applied: unknown, schema: Schema | undefined): unknown {
  if (isTree(applied) && isTree(live) && schema?.['x-kubernetes-map-type'] !== 'atomic') {
    const merged: Tree = { ...live };
    for (const [key, value] of Object.entries(applied))
      merged[key] = mergeApplied(live[key], value, fieldSchema(schema, key));
    return merged;
  }
  if (Array.isArray(applied) && Array.isArray(live) && isGranularList(schema)) {
    const found = new Map(live.map((item) => [itemElement(item, schema!), item]));
    for (const item of applied) {
      const element = itemElement(item, schema!);
      found.set(element, mergeApplied(found.get(element), item, schema!.items));
    }
    return [...found.values()];
  }
  return structuredClone(applied);
}

/** Removes one path from a value, and containers that become empty. Returns true when `value` itself is empty. */
function remove(
  value: unknown,
  [element, ...rest]: readonly string[],
  schema: Schema | undefined,
  others: ReadonlySet<string>,
  whole: string,
): boolean {
  if (Array.isArray(value)) {
    const index = value.findIndex((item) => itemElement(item, schema!) === element);
    if (index < 0) return false;
    const prefix = whole.slice(0, -1);
    const isHeld = [...others].some((path) => path.startsWith(`${prefix},`));
    const goes = rest.length === 0 ? !isHeld : remove(value[index], rest, schema!.items, others, whole);
    if (goes) value.splice(index, 1);
    return value.length === 0;
  }
  if (!isTree(value)) return false;
  const key = element!.slice(2);
  if (!(key in value)) return false;
  if (rest.length === 0 || remove(value[key], rest, fieldSchema(schema, key), others, whole))
    delete value[key];
  return Object.keys(value).length === 0;
}

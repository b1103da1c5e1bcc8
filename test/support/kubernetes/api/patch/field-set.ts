import { fieldSchema, type Schema } from '../schema/schema.ts';
import { branch, canonical, isTree, type Tree } from '../types.ts';

/**
 * The fields of a manager. Each path is JSON of its elements in the notation of `fieldsV1`
 * (`f:name`, `k:{"name":"a"}`, `v:"x"`).
 */
export type FieldSet = ReadonlySet<string>;

export const isGranularList = (schema: Schema | undefined) =>
  schema?.['x-kubernetes-list-type'] === 'map' || schema?.['x-kubernetes-list-type'] === 'set';

const isAtomicMap = (schema: Schema | undefined) => schema?.['x-kubernetes-map-type'] === 'atomic';

/** The element of a path that names an item of a granular list. */
export function itemElement(item: unknown, schema: Schema): string {
  if (schema['x-kubernetes-list-type'] === 'set') return `v:${JSON.stringify(item)}`;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const values = keys.map((key) => [
    key,
    isTree(item) ? (item[key] ?? schema.items?.properties?.[key]?.default) : undefined,
  ]);
  return `k:${canonical(Object.fromEntries(values))}`;
}

/** Every path of a value that can have an owner, with its value. */
export function leavesOf(value: unknown, schema: Schema | undefined): Map<string, unknown> {
  const leaves = new Map<string, unknown>();
  const visit = (here: unknown, its: Schema | undefined, path: readonly string[]): void => {
    if (isTree(here) && !isAtomicMap(its) && Object.keys(here).length > 0) {
      for (const [key, part] of Object.entries(here)) {
        if (part === undefined) continue;
        const below = [...path, `f:${key}`];
        visit(part, fieldSchema(its, key), below);
      }
    } else if (Array.isArray(here) && here.length > 0 && isGranularList(its)) {
      for (const item of here) {
        const below = [...path, itemElement(item, its!)];
        leaves.set(JSON.stringify(below), ITEM);
        if (isTree(item)) visit(item, its!.items, below);
      }
    } else if (path.length > 0) leaves.set(JSON.stringify(path), here);
  };
  visit(value, schema, []);
  return leaves;
}

/** An item of a list has an owner, in addition to its fields. */
const ITEM = 'an item';

export function toFieldsV1(fields: FieldSet): Tree {
  const root: Tree = {};
  for (const path of [...fields].sort()) {
    let node = root;
    for (const element of JSON.parse(path) as string[]) node = branch(node, element);
    node['.'] = {};
  }
  return withoutDots(root);
}

/** A leaf needs no dot of its own. */
function withoutDots(node: Tree): Tree {
  const entries = Object.entries(node);
  const isLeaf = entries.length === 1 && entries[0]![0] === '.';
  if (isLeaf) return {};
  return Object.fromEntries(
    entries.map(([key, part]) => [key, key === '.' ? {} : withoutDots(part as Tree)]),
  );
}

export function fromFieldsV1(tree: Tree): Set<string> {
  const fields = new Set<string>();
  const visit = (node: Tree, path: readonly string[]) => {
    const below = Object.entries(node).filter(([key]) => key !== '.');
    if (path.length > 0 && (below.length === 0 || '.' in node)) fields.add(JSON.stringify(path));
    for (const [key, part] of below) visit(part as Tree, [...path, key]);
  };
  visit(tree, []);
  return fields;
}

/** The path for people: `.spec.containers[name="a"].image`. */
export function readable(path: string): string {
  return (JSON.parse(path) as string[])
    .map((element) => {
      const rest = element.slice(2);
      if (element.startsWith('f:')) return `.${rest}`;
      if (element.startsWith('v:')) return `[=${rest}]`;
      const keys = Object.entries(JSON.parse(rest) as Tree).map(
        ([key, value]) => `${key}=${JSON.stringify(value)}`,
      );
      return `[${keys.join(',')}]`;
    })
    .join('');
}

import { fieldSchema, type Schema } from '../schema/schema.ts';
import { isTree, same, type Tree } from '../types.ts';

const DIRECTIVE = /^\$(setElementOrder|deleteFromPrimitiveList)\/(.+)$/;

/** A strategic merge patch: lists whose items have keys are merged item by item. */
export function strategicPatch(target: unknown, patch: unknown, schema: Schema | undefined): unknown {
  if (!isTree(patch)) return patch;
  if (patch.$patch === 'delete') return undefined;
  const { $patch, $retainKeys, ...changes } = patch;
  if ($patch === 'replace') return changes;
  const result: Tree = isTree(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(changes)) {
    const [, directive, field] = DIRECTIVE.exec(key) ?? [];
    if (directive === 'deleteFromPrimitiveList') {
      const gone = value as unknown[];
      result[field!] = ((result[field!] as unknown[]) ?? []).filter(
        (item) => !gone.some((one) => same(one, item)),
      );
    }
    if (directive) continue;
    if (value === null) delete result[key];
    else {
      const part = fieldSchema(schema, key);
      result[key] = Array.isArray(value)
        ? mergeList(result[key], value, part)
        : strategicPatch(result[key], value, part);
      if (result[key] === undefined) delete result[key];
    }
  }
  for (const [key, order] of Object.entries(changes)) {
    const [, directive, field] = DIRECTIVE.exec(key) ?? [];
    if (directive === 'setElementOrder' && Array.isArray(result[field!])) {
      const mergeKey = fieldSchema(schema, field!)?.['x-kubernetes-patch-merge-key'];
      result[field!] = inOrder(result[field!] as unknown[], order as unknown[], mergeKey);
    }
  }
  if (Array.isArray($retainKeys)) {
    for (const key of Object.keys(result)) if (!$retainKeys.includes(key)) delete result[key];
  }
  return result;
}

function mergeList(target: unknown, patch: readonly unknown[], schema: Schema | undefined): unknown[] {
  const mergeKey = schema?.['x-kubernetes-patch-merge-key'];
  const present = Array.isArray(target) ? [...target] : [];
  if (schema?.['x-kubernetes-patch-strategy'] !== 'merge') return [...patch];
  if (!mergeKey) return [...present, ...patch.filter((item) => !present.some((one) => same(one, item)))];
  if (patch.some((item) => isTree(item) && item.$patch === 'replace')) {
    return patch.filter((item) => isTree(item) && item.$patch !== 'replace');
  }
  let result = present;
  for (const item of patch) {
    if (!isTree(item)) continue;
    const index = result.findIndex((one) => isTree(one) && one[mergeKey] === item[mergeKey]);
    if (item.$patch === 'delete') result = result.filter((_, place) => place !== index);
    else if (index < 0) result.push(strategicPatch({}, item, schema.items));
    else result[index] = strategicPatch(result[index], item, schema.items);
  }
  return result;
}

function inOrder(items: unknown[], order: readonly unknown[], mergeKey: string | undefined): unknown[] {
  const identity = (item: unknown) => (mergeKey && isTree(item) ? item[mergeKey] : item);
  const wanted = order.map(identity);
  const rank = (item: unknown) => {
    const place = wanted.indexOf(identity(item));
    return place < 0 ? wanted.length : place;
  };
  return items.toSorted((a, b) => rank(a) - rank(b));
}

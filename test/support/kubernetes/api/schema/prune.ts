import { isTree } from '../types.ts';
import { fieldSchema, isOpen, type Schema } from './schema.ts';

/** Removes unknown fields in place, and returns their paths. */
export function prune(value: unknown, schema: Schema | undefined, path = ''): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => prune(item, schema?.items, `${path}[${index}]`));
  }
  if (!isTree(value)) return [];
  const unknown: string[] = [];
  for (const key of Object.keys(value)) {
    const field = fieldSchema(schema, key);
    const here = path ? `${path}.${key}` : key;
    if (field) {
      unknown.push(...prune(value[key], field, here));
    } else if (!isOpen(schema) && !schema?.['x-kubernetes-embedded-resource']) {
      unknown.push(here);
      delete value[key];
    }
  }
  return unknown;
}

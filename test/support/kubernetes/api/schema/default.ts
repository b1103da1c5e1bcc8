import { isTree } from '../types.ts';
import { fieldSchema, type Schema } from './schema.ts';

/** Sets defaults in place, outer values first. */
export function applyDefaults(value: unknown, schema: Schema | undefined): void {
  if (!schema) return;
  if (Array.isArray(value)) {
    for (const item of value) applyDefaults(item, schema.items);
  } else if (isTree(value)) {
    for (const [key, field] of Object.entries(schema.properties ?? {})) {
      const absent = value[key] === undefined || (value[key] === null && !field.nullable);
      if (absent && field.default !== undefined) value[key] = structuredClone(field.default);
    }
    for (const key of Object.keys(value)) {
      const field = fieldSchema(schema, key);
      // Quantities may be written as numbers, and are stored as text.
      if (field?.format === 'quantity') value[key] = String(value[key]);
      applyDefaults(value[key], field);
    }
  }
}

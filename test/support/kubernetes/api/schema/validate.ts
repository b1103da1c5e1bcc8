import type { Cause } from '../status.ts';
import { canonical, isTree } from '../types.ts';
import { fieldSchema, type Schema } from './schema.ts';

/** The faults of a value, in the words of the API. Rules in CEL are checked separately. */
export function validate(value: unknown, schema: Schema | undefined, path = ''): Cause[] {
  if (!schema) return [];
  if (value === null) {
    return schema.nullable ? [] : [wrongType(path, 'null', schema.type ?? 'object')];
  }
  const found = typeOf(value);
  if (schema['x-kubernetes-int-or-string']) {
    if (found !== 'integer' && found !== 'string') return [wrongType(path, found, 'integer or string')];
  } else if (schema.type && found !== schema.type && !(found === 'integer' && schema.type === 'number')) {
    return [wrongType(path, found, schema.type)];
  }
  return [
    ...enumerated(value, schema, path),
    ...(typeof value === 'string' ? textual(value, schema, path) : []),
    ...(typeof value === 'number' ? numeric(value, schema, path) : []),
    ...(Array.isArray(value) ? listed(value, schema, path) : []),
    ...(isTree(value) ? fielded(value, schema, path) : []),
    ...combined(value, schema, path),
  ];
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

const shown = (value: unknown) => (typeof value === 'object' ? `"${typeOf(value)}"` : JSON.stringify(value));

function wrong(field: string, value: unknown, what: string): Cause {
  const message = `Invalid value: ${shown(value)}: ${field} in body ${what}`;
  return { field, reason: 'FieldValueInvalid', message };
}

function wrongType(field: string, found: string, wanted: string): Cause {
  const message = `Invalid value: "${found}": ${field} in body must be of type ${wanted}: "${found}"`;
  return { field, reason: 'FieldValueTypeInvalid', message };
}

function enumerated(value: unknown, schema: Schema, field: string): Cause[] {
  if (!schema.enum || schema.enum.some((allowed) => canonical(allowed) === canonical(value))) return [];
  const allowed = schema.enum.map((item) => JSON.stringify(item)).join(', ');
  const message = `Unsupported value: ${shown(value)}: supported values: ${allowed}`;
  return [{ field, reason: 'FieldValueNotSupported', message }];
}

const FORMATS: Record<string, (text: string) => boolean> = {
  'date-time': (text) => /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text)),
  uri: (text) => URL.canParse(text),
  duration: (text) => /^-?(\d+(\.\d+)?(ns|us|µs|ms|s|m|h|d|w)\s*)+$/.test(text) || /^P/.test(text),
  byte: (text) => /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text),
};

function textual(value: string, schema: Schema, path: string): Cause[] {
  const length = [...value].length;
  const causes: Cause[] = [];
  if (length < (schema.minLength ?? 0)) {
    causes.push(wrong(path, value, `should be at least ${schema.minLength} chars long`));
  }
  if (length > (schema.maxLength ?? Number.POSITIVE_INFINITY)) {
    causes.push({
      field: path,
      reason: 'FieldValueTooLong',
      message: `Too long: may not be more than ${schema.maxLength} bytes`,
    });
  }
  if (schema.pattern && !new RegExp(schema.pattern, 'u').test(value)) {
    causes.push(wrong(path, value, `should match '${schema.pattern}'`));
  }
  const format = schema.format && FORMATS[schema.format];
  if (format && !format(value)) {
    causes.push(wrong(path, value, `must be of type ${schema.format}: ${JSON.stringify(value)}`));
  }
  return causes;
}

function numeric(value: number, schema: Schema, path: string): Cause[] {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY, multipleOf } = schema;
  const causes: Cause[] = [];
  if (schema.exclusiveMinimum ? value <= minimum : value < minimum) {
    causes.push(
      wrong(path, value, `should be greater than ${schema.exclusiveMinimum ? '' : 'or equal to '}${minimum}`),
    );
  }
  if (schema.exclusiveMaximum ? value >= maximum : value > maximum) {
    causes.push(
      wrong(path, value, `should be less than ${schema.exclusiveMaximum ? '' : 'or equal to '}${maximum}`),
    );
  }
  if (multipleOf && value % multipleOf !== 0) {
    causes.push(wrong(path, value, `should be a multiple of ${multipleOf}`));
  }
  return causes;
}

function listed(value: readonly unknown[], schema: Schema, path: string): Cause[] {
  const causes: Cause[] = [];
  if (value.length < (schema.minItems ?? 0)) {
    causes.push(wrong(path, value, `should have at least ${schema.minItems} items`));
  }
  if (value.length > (schema.maxItems ?? Number.POSITIVE_INFINITY)) {
    const message = `Too many: ${value.length}: must have at most ${schema.maxItems} items`;
    causes.push({ field: path, reason: 'FieldValueTooMany', message });
  }
  const identities = new Set<string>();
  for (const [index, item] of value.entries()) {
    const field = `${path}[${index}]`;
    const identity = identityOf(item, schema);
    if (identity !== undefined) {
      if (identities.has(identity)) {
        causes.push({ field, reason: 'FieldValueDuplicate', message: `Duplicate value: ${identity}` });
      }
      identities.add(identity);
    }
    causes.push(...validate(item, schema.items, field));
  }
  return causes;
}

function identityOf(item: unknown, schema: Schema): string | undefined {
  const kind = schema['x-kubernetes-list-type'];
  if (kind === 'set' || schema.uniqueItems) return canonical(item);
  if (kind !== 'map' || !isTree(item)) return undefined;
  return canonical(
    Object.fromEntries((schema['x-kubernetes-list-map-keys'] ?? []).map((key) => [key, item[key]])),
  );
}

function fielded(value: Record<string, unknown>, schema: Schema, path: string): Cause[] {
  const causes: Cause[] = [];
  const below = (key: string) => (path ? `${path}.${key}` : key);
  for (const key of schema.required ?? []) {
    if (value[key] === undefined) {
      causes.push({ field: below(key), reason: 'FieldValueRequired', message: 'Required value' });
    }
  }
  const size = Object.keys(value).length;
  if (size < (schema.minProperties ?? 0)) {
    causes.push(wrong(path, value, `should have at least ${schema.minProperties} properties`));
  }
  if (size > (schema.maxProperties ?? Number.POSITIVE_INFINITY)) {
    const message = `Too many: ${size}: must have at most ${schema.maxProperties} items`;
    causes.push({ field: path, reason: 'FieldValueTooMany', message });
  }
  for (const key of Object.keys(value)) {
    if (value[key] !== undefined) causes.push(...validate(value[key], fieldSchema(schema, key), below(key)));
  }
  return causes;
}

function combined(value: unknown, schema: Schema, path: string): Cause[] {
  const fits = (part: Schema) => validate(value, part, path).length === 0;
  const causes = (schema.allOf ?? []).flatMap((part) => validate(value, part, path));
  if (schema.anyOf && !schema.anyOf.some(fits)) {
    causes.push(wrong(path, value, 'must validate at least one schema (anyOf)'));
  }
  if (schema.oneOf && schema.oneOf.filter(fits).length !== 1) {
    causes.push(wrong(path, value, 'must validate one and only one schema (oneOf)'));
  }
  if (schema.not && fits(schema.not)) causes.push(wrong(path, value, 'must not validate the schema (not)'));
  return causes;
}

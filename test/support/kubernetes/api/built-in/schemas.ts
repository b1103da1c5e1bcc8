import * as models from '@kubernetes/client-node';
import type { Schema } from '../schema/schema.ts';
import { DEFAULTS, LIST_KEYS, REQUIRED, SETS } from './facts.ts';

interface Attribute {
  readonly baseName: string;
  readonly type: string;
  readonly format: string;
}

const known = new Map<string, Schema>();

/**
 * The schema of a built-in type, from the attribute tables of the official client: every field with its type.
 * `facts.ts` adds what those tables lack: required fields, defaults, keys of lists.
 */
export function schemaOfModel(name: string): Schema {
  const found = known.get(name);
  if (found) return found;
  const short = name.replace(/^(Core|Events|Rbac|Apiextensions|Discovery)?V\d/, '');
  const schema: Schema = { ref: name, type: 'object', properties: {} };
  known.set(name, schema);
  for (const { baseName, type, format } of attributesOf(name)) {
    const field = schemaOfType(type, format, baseName);
    // Facts about one field must not change the shared schema.
    schema.properties![baseName] = { ...field, ...factsOf(short, baseName, field) };
  }
  const required = REQUIRED[short];
  if (required) schema.required = required.split(' ');
  return schema;
}

function attributesOf(name: string): readonly Attribute[] {
  const model = (models as unknown as Record<string, { getAttributeTypeMap?(): Attribute[] }>)[name];
  if (!model?.getAttributeTypeMap) throw new Error(`the official client has no model ${name}`);
  return model.getAttributeTypeMap();
}

function schemaOfType(type: string, format: string, field: string): Schema {
  const list = /^Array<(.+)>$/.exec(type);
  if (list) return { type: 'array', items: schemaOfType(list[1]!, format, field) };
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type);
  if (map) {
    // Quantities are text to the client, and may be written as numbers.
    const isQuantity = /^(limits|requests|capacity|allocatable|hard|used)$/.test(field);
    const value = isQuantity ? QUANTITY : schemaOfType(map[1]!, format, field);
    return { type: 'object', additionalProperties: value };
  }
  switch (type) {
    case 'string':
      return { type: 'string', ...(format && { format }) };
    case 'number':
      return { type: format === 'double' ? 'number' : 'integer' };
    case 'boolean':
      return { type: 'boolean' };
    case 'Date':
    case 'V1MicroTime':
      return { type: 'string', format: 'date-time' };
    case 'IntOrString':
      return INT_OR_STRING;
    case 'any':
    case 'object':
      return { 'x-kubernetes-preserve-unknown-fields': true };
    case 'V1JSONSchemaProps':
    case 'V1FieldsV1':
      return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    default:
      return schemaOfModel(type);
  }
}

const QUANTITY: Schema = { 'x-kubernetes-int-or-string': true, format: 'quantity' };
const INT_OR_STRING: Schema = { 'x-kubernetes-int-or-string': true };

function factsOf(model: string, field: string, { type }: Schema): Schema {
  const place = `${model}.${field}`;
  const keys = LIST_KEYS[place];
  const patchKey = keys?.split(' ')[0];
  const fallback = DEFAULTS[place];
  return {
    ...(fallback !== undefined && { default: fallback }),
    ...(type === 'array' && {
      'x-kubernetes-list-type': keys
        ? ('map' as const)
        : SETS.has(place)
          ? ('set' as const)
          : ('atomic' as const),
    }),
    ...(keys && { 'x-kubernetes-list-map-keys': keys.split(' ') }),
    ...(patchKey && { 'x-kubernetes-patch-merge-key': patchKey }),
    ...((patchKey || SETS.has(place)) && { 'x-kubernetes-patch-strategy': 'merge' }),
    ...(ATOMIC_MAPS.has(place) && { 'x-kubernetes-map-type': 'atomic' as const }),
  };
}

const ATOMIC_MAPS = new Set([
  'DeploymentSpec.selector',
  'ReplicaSetSpec.selector',
  'ServiceSpec.selector',
  'PodSpec.nodeSelector',
  'EnvVarSource.secretKeyRef',
  'EnvVarSource.configMapKeyRef',
  'EnvVarSource.fieldRef',
  'RoleBinding.roleRef',
  'ClusterRoleBinding.roleRef',
  'Event.involvedObject',
]);

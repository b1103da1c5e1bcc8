import type { Schema } from '../schema/schema.ts';
import { type KubeObject, type ManagedFieldsEntry, same, type Tree } from '../types.ts';
import { type FieldSet, fromFieldsV1, leavesOf, toFieldsV1 } from './field-set.ts';

export interface Writer {
  readonly manager: string;
  readonly apiVersion: string;
  readonly subresource?: string;
  readonly time: string;
}

/** One manager and its fields. */
export interface Owned {
  readonly entry: ManagedFieldsEntry;
  fields: Set<string>;
}

/** Fields without owners: those that identify an object or that the API sets. */
const UNOWNED =
  /^\["f:(apiVersion|kind)"\]$|^\["f:metadata","f:(name|generateName|namespace|uid|resourceVersion|generation|creationTimestamp|deletionTimestamp|deletionGracePeriodSeconds|managedFields|selfLink)"/;

/** The fields of an object that can have an owner. */
export function ownable(object: unknown, schema: Schema): Map<string, unknown> {
  const leaves = leavesOf(withoutManagedFields(object), schema);
  for (const path of leaves.keys()) if (UNOWNED.test(path)) leaves.delete(path);
  return leaves;
}

function withoutManagedFields(object: unknown): unknown {
  const { metadata, ...rest } = object as { metadata?: Tree };
  if (!metadata) return object;
  const { managedFields: _, ...kept } = metadata;
  return { ...rest, metadata: kept };
}

export const readOwned = (object: KubeObject | undefined): Owned[] =>
  (object?.metadata.managedFields ?? []).map((entry) => ({ entry, fields: fromFieldsV1(entry.fieldsV1) }));

export function writeOwned(object: KubeObject, owned: readonly Owned[]): void {
  const entries = owned
    .filter(({ fields }) => fields.size > 0)
    .map(({ entry, fields }) => ({ ...entry, fieldsV1: toFieldsV1(fields) }));
  if (entries.length > 0) object.metadata.managedFields = entries;
  else delete object.metadata.managedFields;
}

export const isSameWriter = (entry: ManagedFieldsEntry, operation: 'Apply' | 'Update', writer: Writer) =>
  entry.manager === writer.manager &&
  entry.operation === operation &&
  (entry.subresource ?? '') === (writer.subresource ?? '');

function newEntry(operation: 'Apply' | 'Update', { manager, apiVersion, subresource, time }: Writer) {
  return {
    manager,
    operation,
    apiVersion,
    time,
    fieldsType: 'FieldsV1' as const,
    fieldsV1: {},
    ...(subresource && { subresource }),
  } satisfies ManagedFieldsEntry;
}

/** After a create, update or patch: the manager owns every field that it changed. */
export function trackUpdate(
  before: KubeObject | undefined,
  after: KubeObject,
  schema: Schema,
  writer: Writer,
): void {
  const was = before ? ownable(before, schema) : new Map<string, unknown>();
  const is = ownable(after, schema);
  const changed = new Set(
    [...is].filter(([path, value]) => !was.has(path) || !same(was.get(path), value)).map(([path]) => path),
  );
  // A client may send its own managed fields, or an empty list to delete them.
  const owned = readOwned(after.metadata.managedFields?.length ? after : before).map((one) => ({
    ...one,
    fields: new Set([...one.fields].filter((path) => is.has(path) && !changed.has(path))),
  }));
  if (changed.size > 0) claim(owned, 'Update', writer, changed);
  writeOwned(after, owned);
}

export function claim(owned: Owned[], operation: 'Apply' | 'Update', writer: Writer, fields: FieldSet): void {
  const index = owned.findIndex(({ entry }) => isSameWriter(entry, operation, writer));
  const before = owned[index];
  const all = operation === 'Apply' ? new Set(fields) : new Set([...(before?.fields ?? []), ...fields]);
  const isSame = before && same([...before.fields].sort(), [...all].sort());
  // Applying the same values again is not a change, and keeps the time.
  const entry = isSame && operation === 'Apply' ? before.entry : newEntry(operation, writer);
  const claimed = { entry, fields: all };
  if (index < 0) owned.push(claimed);
  else owned[index] = claimed;
}

import type { ComputedColumn } from './built-in/columns.ts';
import { jsonPath } from './json-path.ts';
import type { Column, Resource } from './resource.ts';
import { isTree, type KubeObject, type Tree } from './types.ts';

const NAME: Column = { name: 'Name', type: 'string', format: 'name', jsonPath: '.metadata.name' };
const AGE: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/** The table that `kubectl get` prints, one row per object. */
export function tableOf(
  resource: Resource,
  objects: readonly KubeObject[],
  now: number,
  metadata: Tree = {},
): Tree {
  const columns = [NAME, ...resource.columns, ...(resource.custom ? [] : [AGE])];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns.map(({ name, type, format = '', description = '', priority = 0 }) => ({
      name,
      // Ages are text, for the columns of CRDs too.
      type: type === 'date' ? 'string' : type,
      format,
      description,
      priority,
    })),
    rows: objects.map((object) => ({
      cells: columns.map((column) => cellOf(column, object, now)),
      object: partialMetadata(object),
    })),
  };
}

function cellOf(column: Column | ComputedColumn, object: KubeObject, now: number): unknown {
  const value = 'cell' in column ? column.cell(object) : jsonPath(object, column.jsonPath ?? '');
  if (value === undefined || value === null) return column.type === 'date' ? '<unknown>' : null;
  if (column.type === 'date') return age(now - Date.parse(String(value)));
  if (column.type === 'integer' || column.type === 'number') return Number(value);
  if (column.type === 'boolean') return value === true;
  return isTree(value) || Array.isArray(value) ? JSON.stringify(value) : String(value);
}

/** An age in the API's format: two units for short ages, one for longer ones. */
function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 ? `${minutes}m${seconds % 60}s` : `${minutes}m`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return minutes % 60 ? `${hours}h${minutes % 60}m` : `${hours}h`;
  if (hours < 48) return `${hours}h`;
  return `${Math.floor(hours / 24)}d`;
}

export const partialMetadata = ({ metadata }: KubeObject): Tree => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata,
});

/** The form of objects that a client accepts: complete, as rows, or only metadata. */
export type View = 'object' | 'table' | 'metadata';

/** The first accepted form that is supported. */
export function viewOf(accept: string): View {
  for (const part of accept.split(',')) {
    if (/as=Table/.test(part) && /v=v1\b/.test(part) && /json/.test(part)) return 'table';
    if (/as=PartialObjectMetadata/.test(part) && /json/.test(part)) return 'metadata';
    if (/^\s*(application\/json|\*\/\*)\s*(;q.*)?$/.test(part)) return 'object';
  }
  return 'object';
}

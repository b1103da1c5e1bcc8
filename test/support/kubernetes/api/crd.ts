import { schemaOfModel } from './built-in/schemas.ts';
import { ALL_VERBS, type Column, type Resource, type ScalePaths } from './resource.ts';
import { compileRule } from './schema/cel.ts';
import { fieldSchema, type Schema } from './schema/schema.ts';
import type { Cause } from './status.ts';
import { at, type KubeObject, type Tree } from './types.ts';

interface Version {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly schema?: { readonly openAPIV3Schema: Schema };
  readonly subresources?: { readonly status?: Tree; readonly scale?: ScalePaths };
  readonly additionalPrinterColumns?: readonly Column[];
}

interface Names {
  readonly plural: string;
  readonly singular?: string;
  readonly kind: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

interface Spec {
  readonly group: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly names: Names;
  readonly versions: readonly Version[];
}

const specOf = (crd: KubeObject) => crd.spec as Spec;

/** The resources that a CRD adds to the API, one per version. */
export function resourcesOf(crd: KubeObject): Resource[] {
  const { group, scope, names, versions } = specOf(crd);
  return versions
    .filter(({ served }) => served)
    .map((version) => ({
      group,
      version: version.name,
      kind: names.kind,
      plural: names.plural,
      singular: names.singular ?? names.kind.toLowerCase(),
      namespaced: scope === 'Namespaced',
      shortNames: names.shortNames ?? [],
      categories: names.categories ?? [],
      verbs: ALL_VERBS,
      subresources: new Set(Object.keys(version.subresources ?? {})),
      ...(version.subresources?.scale && { scale: version.subresources.scale }),
      schema: withObjectFields(version.schema?.openAPIV3Schema ?? { type: 'object' }),
      columns: version.additionalPrinterColumns ?? [
        { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      ],
      custom: true,
      storage: `${group}/${names.plural}`,
    }));
}

/** Every object has these fields, independent of its CRD. */
function withObjectFields(schema: Schema): Schema {
  return {
    ...schema,
    properties: {
      ...schema.properties,
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: schemaOfModel('V1ObjectMeta'),
    },
  };
}

/** The faults for which the API rejects a CRD, as far as they concern schemas and names. */
export function validateCrd(crd: KubeObject): Cause[] {
  const { group, names, versions } = specOf(crd);
  const causes: Cause[] = [];
  const wrong = (field: string, message: string) =>
    causes.push({ field, reason: 'FieldValueInvalid', message });
  if (crd.metadata.name !== `${names.plural}.${group}`) {
    wrong('metadata.name', `Invalid value: "${crd.metadata.name}": must be spec.names.plural+"."+spec.group`);
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    wrong('spec.versions', 'Invalid value: must have exactly one version marked as storage version');
  }
  for (const [index, version] of versions.entries()) {
    const field = `spec.versions[${index}].schema.openAPIV3Schema`;
    const schema = version.schema?.openAPIV3Schema;
    if (!schema)
      causes.push({ field, reason: 'FieldValueRequired', message: 'Required value: schemas are required' });
    else causes.push(...structuralFaults(schema, field));
    const scale = version.subresources?.scale;
    for (const [name, path] of Object.entries(scale ?? {})) {
      const [root] = String(path).split('.').filter(Boolean);
      const wanted =
        name === 'specReplicasPath'
          ? ['spec']
          : name === 'statusReplicasPath'
            ? ['status']
            : ['spec', 'status'];
      if (!wanted.includes(root!))
        wrong(
          `spec.versions[${index}].subresources.scale.${name}`,
          `should be a json path under .${wanted[0]}`,
        );
      if (schema && !reaches(schema, String(path))) {
        wrong(`spec.versions[${index}].subresources.scale.${name}`, `${path} is not in the schema`);
      }
    }
  }
  return causes;
}

function reaches(schema: Schema, path: string): boolean {
  let here: Schema | undefined = schema;
  for (const step of path.split('.').filter(Boolean)) {
    if (here?.['x-kubernetes-preserve-unknown-fields']) return true;
    here = fieldSchema(here, step);
  }
  return here !== undefined;
}

function structuralFaults(schema: Schema, field: string): Cause[] {
  const causes: Cause[] = [];
  const loose = schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields'];
  if (!schema.type && !loose) {
    causes.push({
      field: `${field}.type`,
      reason: 'FieldValueRequired',
      message: 'Required value: must not be empty for specified object fields',
    });
  }
  if (schema.properties && schema.additionalProperties) {
    causes.push({
      field,
      reason: 'FieldValueForbidden',
      message: 'Forbidden: properties and additionalProperties are mutually exclusive',
    });
  }
  for (const [index, rule] of (schema['x-kubernetes-validations'] ?? []).entries()) {
    try {
      compileRule(rule.rule);
    } catch (error) {
      const message = `Invalid value: ${JSON.stringify(rule.rule)}: compilation failed: ${(error as Error).message}`;
      causes.push({
        field: `${field}.x-kubernetes-validations[${index}].rule`,
        reason: 'FieldValueInvalid',
        message,
      });
    }
  }
  // Inside these, a schema may only restrict fields that are declared outside.
  for (const junctor of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [index, part] of (schema[junctor] ?? []).entries()) {
      for (const forbidden of ['default', 'additionalProperties', 'nullable', 'description'] as const) {
        if (part[forbidden] === undefined) continue;
        const place = `${field}.${junctor}[${index}].${forbidden}`;
        causes.push({
          field: place,
          reason: 'FieldValueForbidden',
          message: 'Forbidden: must be undefined to be structural',
        });
      }
    }
  }
  for (const [name, part] of Object.entries(schema.properties ?? {})) {
    if (field.endsWith('openAPIV3Schema') && name === 'metadata') continue;
    causes.push(...structuralFaults(part, `${field}.properties[${name}]`));
  }
  if (schema.items) causes.push(...structuralFaults(schema.items, `${field}.items`));
  else if (schema.type === 'array')
    causes.push({
      field: `${field}.items`,
      reason: 'FieldValueRequired',
      message: 'Required value: must be specified',
    });
  if (typeof schema.additionalProperties === 'object') {
    causes.push(...structuralFaults(schema.additionalProperties, `${field}.additionalProperties`));
  }
  return causes;
}

/** Status of a stored CRD: its names are accepted and its resource is served. */
export function establish(crd: KubeObject, now: string): void {
  const { names, versions } = specOf(crd);
  const condition = (type: string, reason: string, message: string) => ({
    type,
    status: 'True',
    reason,
    message,
    lastTransitionTime:
      (at(crd, 'status', 'conditions', 0, 'lastTransitionTime') as string | undefined) ?? now,
  });
  crd.status = {
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
    acceptedNames: { listKind: `${names.kind}List`, singular: names.kind.toLowerCase(), ...names },
    storedVersions: versions.filter(({ storage }) => storage).map(({ name }) => name),
  };
}

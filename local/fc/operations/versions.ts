import * as z from 'zod/mini';
import { FcRefusal } from '../errors.ts';
import { bodyOf, nameUpTo, readWith, textUpTo } from '../settings/read.ts';
import type { AliasRecord, FunctionRecord, VersionRecord } from '../store/records.ts';
import {
  type FcRequest,
  functionOf,
  type Operation,
  type OperationDeps,
  pageOf,
  timeAfter,
} from './operation.ts';

const versionInput = z.object({ description: z.optional(textUpTo(256)) });

export const publishVersion: Operation = async (request, deps) => {
  const { description = '' } = readWith(versionInput, bodyOf(request.body));
  const changed = await deps.store.change(functionOf(request, deps).name, (record) => {
    const now = timeAfter(record.versions.at(-1)?.modified, deps);
    const versionId = String(record.lastVersion + 1);
    const version = { ...record.latest, versionId, description, created: now, modified: now };
    return { ...record, versions: [...record.versions, version], lastVersion: record.lastVersion + 1 };
  });
  return { body: describeVersion(changed.versions.at(-1)!) };
};

export const listVersions: Operation = (request, deps) => {
  const { versions } = functionOf(request, deps);
  const direction = request.query.get('direction')?.toUpperCase() === 'FORWARD' ? 'FORWARD' : 'BACKWARD';
  const ordered = direction === 'FORWARD' ? versions : [...versions].reverse();
  const { items, nextToken } = pageOf(request, ordered, ({ versionId }) => versionId);
  return { body: { versions: items.map(describeVersion), direction, nextToken } };
};

export const deleteVersion: Operation = async (request, deps) => {
  const { version: versionId = '' } = request.params;
  const record = functionOf(request, deps);
  if (!record.versions.some((version) => version.versionId === versionId)) throw noVersion(record, versionId);
  const alias = record.aliases.find(
    (it) => it.versionId === versionId || versionId in it.additionalVersionWeight,
  );
  if (alias) {
    throw new FcRefusal(
      'InvalidArgument',
      `version '${versionId}' is used by the alias '${alias.aliasName}'`,
    );
  }
  await deps.store.change(record.name, (before) => ({
    ...before,
    versions: before.versions.filter((version) => version.versionId !== versionId),
  }));
  return {};
};

const weights = z.record(z.string(), z.number().check(z.minimum(0), z.maximum(1)));
const aliasInput = z.object({
  aliasName: z.optional(nameUpTo(128)),
  versionId: z.optional(z.string()),
  description: z.optional(textUpTo(256)),
  additionalVersionWeight: z.optional(z.nullable(weights)),
});

export const createAlias: Operation = async (request, deps) => {
  const input = readWith(aliasInput, bodyOf(request.body));
  const { aliasName, versionId } = input;
  if (!aliasName || aliasName === 'LATEST')
    throw new FcRefusal('InvalidArgument', 'aliasName: is missing, or LATEST');
  if (!versionId) throw new FcRefusal('InvalidArgument', 'versionId: is missing');
  const record = functionOf(request, deps);
  if (record.aliases.some((alias) => alias.aliasName === aliasName)) {
    throw new FcRefusal('AliasAlreadyExists', `alias '${aliasName}' already exists`);
  }
  const now = timeAfter(undefined, deps);
  const empty = {
    aliasName,
    versionId,
    description: '',
    additionalVersionWeight: {},
    created: now,
    modified: now,
  };
  const alias = aliasOf(record, empty, input);
  await deps.store.change(record.name, (before) => ({ ...before, aliases: [...before.aliases, alias] }));
  return { body: describeAlias(alias) };
};

export const updateAlias: Operation = async (request, deps) => {
  const record = functionOf(request, deps);
  const before = findAlias(request, deps);
  const input = readWith(aliasInput, bodyOf(request.body));
  const alias = { ...aliasOf(record, before, input), modified: timeAfter(before.modified, deps) };
  await deps.store.change(record.name, (current) => ({
    ...current,
    aliases: current.aliases.map((it) => (it.aliasName === alias.aliasName ? alias : it)),
  }));
  return { body: describeAlias(alias) };
};

export const getAlias: Operation = (request, deps) => ({ body: describeAlias(findAlias(request, deps)) });

export const listAliases: Operation = (request, deps) => {
  const { items, nextToken } = pageOf(
    request,
    functionOf(request, deps).aliases,
    ({ aliasName }) => aliasName,
  );
  return { body: { aliases: items.map(describeAlias), nextToken } };
};

export const deleteAlias: Operation = async (request, deps) => {
  const { aliasName } = findAlias(request, deps);
  await deps.store.change(functionOf(request, deps).name, (before) => ({
    ...before,
    aliases: before.aliases.filter((alias) => alias.aliasName !== aliasName),
  }));
  return {};
};

function findAlias(request: FcRequest, deps: OperationDeps): AliasRecord {
  const { alias: name = '' } = request.params;
  const found = functionOf(request, deps).aliases.find(({ aliasName }) => aliasName === name);
  if (!found) throw new FcRefusal('AliasNotFound', `alias '${name}' does not exist`);
  return found;
}

function aliasOf(
  record: FunctionRecord,
  before: AliasRecord,
  input: z.infer<typeof aliasInput>,
): AliasRecord {
  const { versionId = before.versionId, description = before.description } = input;
  const additional = input.additionalVersionWeight ?? before.additionalVersionWeight;
  for (const version of [versionId, ...Object.keys(additional)]) {
    if (!record.versions.some((it) => it.versionId === version)) throw noVersion(record, version);
  }
  if (Object.values(additional).reduce((sum, weight) => sum + weight, 0) > 1) {
    throw new FcRefusal('InvalidArgument', 'additionalVersionWeight: the weights exceed 1');
  }
  return { ...before, versionId, description, additionalVersionWeight: additional };
}

function noVersion({ name }: FunctionRecord, versionId: string): FcRefusal {
  return new FcRefusal('VersionNotFound', `version '${versionId}' of function '${name}' does not exist`);
}

function describeVersion({ versionId, description, created, modified }: VersionRecord) {
  return { versionId, description, createdTime: created, lastModifiedTime: modified };
}

function describeAlias({ created, modified, ...alias }: AliasRecord) {
  return { ...alias, createdTime: created, lastModifiedTime: modified };
}

import * as z from 'zod/mini';
import { FcRefusal } from '../errors.ts';
import { bodyOf, readWith } from '../settings/read.ts';
import type { FunctionRecord } from '../store/records.ts';
import { arnOf, type FcRequest, type Operation, type OperationDeps } from './operation.ts';

const tagging = z.looseObject({
  ResourceId: z.optional(z.array(z.string())),
  resourceId: z.optional(z.array(z.string())),
  Tag: z.optional(z.array(z.looseObject({}))),
  tag: z.optional(z.array(z.looseObject({}))),
});

const filter = z.object({ Key: z.string(), Value: z.optional(z.string()) });

/** sdk: names begin with either case, as older and newer clients write them. */
export const tagResources: Operation = async (request, deps) => {
  const body = readWith(tagging, bodyOf(request.body));
  const given = (body.Tag ?? body.tag ?? []) as Record<string, string>[];
  const tags = Object.fromEntries(
    given.map((tag) => [tag.Key ?? tag.key ?? '', tag.Value ?? tag.value ?? '']),
  );
  for (const { name } of resourcesOf(body.ResourceId ?? body.resourceId ?? [], deps)) {
    await deps.store.change(name, (record) => ({ ...record, tags: { ...record.tags, ...tags } }));
  }
  return {};
};

export const untagResources: Operation = async (request, deps) => {
  const keys = listIn(request, 'TagKey');
  const all = request.query.get('All') === 'true';
  for (const { name } of resourcesOf(listIn(request, 'ResourceId'), deps)) {
    await deps.store.change(name, (record) => ({
      ...record,
      tags: Object.fromEntries(Object.entries(record.tags).filter(([key]) => !all && !keys.includes(key))),
    }));
  }
  return {};
};

export const listTagResources: Operation = (request, deps) => {
  const ids = listIn(request, 'ResourceId');
  const wanted = readWith(z.array(filter), bodyOf(Buffer.from(request.query.get('Tag') ?? '[]')));
  const has = ({ tags }: FunctionRecord) =>
    wanted.every(({ Key, Value }) => Key in tags && (!Value || tags[Key] === Value));
  const records = (ids.length > 0 ? resourcesOf(ids, deps) : deps.store.list()).filter(has);
  const TagResources = records.flatMap((record) =>
    Object.entries(record.tags).map(([TagKey, TagValue]) => ({
      ResourceId: arnOf(record, deps),
      ResourceType: 'function',
      TagKey,
      TagValue,
    })),
  );
  return { body: { RequestId: deps.newId(), TagResources } };
};

/** A list in JSON. */
function listIn({ query }: FcRequest, name: string): string[] {
  const text = query.get(name);
  return text ? readWith(z.array(z.string()), bodyOf(Buffer.from(text))) : [];
}

function resourcesOf(arns: readonly string[], { store }: OperationDeps): FunctionRecord[] {
  return arns.map((arn) => {
    const name = /^acs:fc:[^:]*:\d*:functions\/([^/]+)$/.exec(arn)?.[1];
    if (name === undefined) throw new FcRefusal('InvalidArgument', `ResourceId: ${arn} names no function`);
    return store.get(name);
  });
}

import { FcRefusal } from '../errors.ts';
import { bodyOf } from '../settings/read.ts';
import { readTrigger, readTriggerChange } from '../settings/trigger.ts';
import type { FunctionRecord, TriggerRecord } from '../store/records.ts';
import {
  arnOf,
  type FcRequest,
  functionOf,
  type Operation,
  type OperationDeps,
  pageOf,
  timeAfter,
} from './operation.ts';

/** doc: triggers per function. */
const MAX_TRIGGERS = 50;

export const createTrigger: Operation = async (request, deps) => {
  const record = functionOf(request, deps);
  const input = readTrigger(bodyOf(request.body));
  if (record.triggers.some(({ triggerName }) => triggerName === input.triggerName)) {
    throw new FcRefusal('TriggerAlreadyExists', `trigger '${input.triggerName}' already exists`);
  }
  if (record.triggers.length >= MAX_TRIGGERS) {
    throw new FcRefusal('InvalidArgument', `the function has ${MAX_TRIGGERS} triggers, which is the limit`);
  }
  const now = timeAfter(undefined, deps);
  const trigger = { ...input, triggerId: deps.newId().replace(/^1-/, ''), created: now, modified: now };
  await deps.triggers.prepare(record, trigger);
  const changed = await deps.store.change(record.name, (before) => ({
    ...before,
    triggers: [...before.triggers, trigger],
  }));
  await deps.triggers.settle();
  return { body: describe(changed, trigger, deps) };
};

export const updateTrigger: Operation = async (request, deps) => {
  const record = functionOf(request, deps);
  const before = findTrigger(request, deps);
  const change = readTriggerChange(bodyOf(request.body), before);
  const trigger = { ...before, ...change, modified: timeAfter(before.modified, deps) };
  await deps.triggers.prepare(record, trigger);
  const changed = await deps.store.change(record.name, (current) => ({
    ...current,
    triggers: current.triggers.map((it) => (it.triggerName === trigger.triggerName ? trigger : it)),
  }));
  await deps.triggers.settle();
  return { body: describe(changed, trigger, deps) };
};

export const getTrigger: Operation = (request, deps) => ({
  body: describe(functionOf(request, deps), findTrigger(request, deps), deps),
});

export const listTriggers: Operation = (request, deps) => {
  const record = functionOf(request, deps);
  const { items, nextToken } = pageOf(request, record.triggers, ({ triggerName }) => triggerName);
  return { body: { triggers: items.map((trigger) => describe(record, trigger, deps)), nextToken } };
};

export const deleteTrigger: Operation = async (request, deps) => {
  const { triggerName } = findTrigger(request, deps);
  await deps.store.change(functionOf(request, deps).name, (before) => ({
    ...before,
    triggers: before.triggers.filter((trigger) => trigger.triggerName !== triggerName),
  }));
  await deps.triggers.settle();
  return {};
};

function findTrigger(request: FcRequest, deps: OperationDeps): TriggerRecord {
  const { trigger: name = '' } = request.params;
  const found = functionOf(request, deps).triggers.find(({ triggerName }) => triggerName === name);
  if (!found) throw new FcRefusal('TriggerNotFound', `trigger '${name}' does not exist`);
  return found;
}

function describe(record: FunctionRecord, trigger: TriggerRecord, deps: OperationDeps) {
  const { created, modified, ...given } = trigger;
  const address = `${deps.url()}/http/${record.name}/${trigger.triggerName}`;
  return {
    ...given,
    targetArn: arnOf(record, deps),
    createdTime: created,
    lastModifiedTime: modified,
    ...(trigger.triggerType === 'http' && { httpTrigger: { urlInternet: address, urlIntranet: address } }),
  };
}

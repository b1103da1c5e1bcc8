import { FcRefusal } from '../errors.ts';
import { resolveVersion } from '../invocations/resolve.ts';
import { bodyOf } from '../settings/read.ts';
import {
  readAsyncInvokeSettings,
  readProvisionSettings,
  readReservedConcurrency,
  readScalingSettings,
} from '../settings/scaling.ts';
import type { AsyncConfigRecord, FunctionRecord } from '../store/records.ts';
import {
  arnOf,
  type FcRequest,
  functionOf,
  type Operation,
  type OperationDeps,
  pageOf,
  qualifierOf,
  timeAfter,
} from './operation.ts';

// What a function or one of its qualifiers has besides its code: one configuration after the other.

export const putAsyncConfig: Operation = async (request, deps) => {
  const { name } = functionWithQualifier(request, deps);
  const qualifier = qualifierOf(request);
  const settings = readAsyncInvokeSettings(bodyOf(request.body));
  const changed = await deps.store.change(name, (record) => {
    const before = record.asyncConfigs[qualifier];
    const now = timeAfter(before?.modified, deps);
    const config = { ...settings, created: before?.created ?? now, modified: now };
    return { ...record, asyncConfigs: { ...record.asyncConfigs, [qualifier]: config } };
  });
  return { body: describeAsync(changed, changed.asyncConfigs[qualifier]!, deps) };
};

export const getAsyncConfig: Operation = (request, deps) => {
  const record = functionOf(request, deps);
  return { body: describeAsync(record, asyncConfigOf(record, request), deps) };
};

export const deleteAsyncConfig: Operation = async (request, deps) => {
  const record = functionOf(request, deps);
  asyncConfigOf(record, request);
  await deps.store.change(record.name, (before) => ({
    ...before,
    asyncConfigs: without(before.asyncConfigs, qualifierOf(request)),
  }));
  return {};
};

export const listAsyncConfigs: Operation = (request, deps) => {
  const all = ofFunctions(request, deps).flatMap((record) =>
    Object.values(record.asyncConfigs).map((config) => describeAsync(record, config, deps)),
  );
  return { body: { configs: all } };
};

function asyncConfigOf(record: FunctionRecord, request: FcRequest): AsyncConfigRecord {
  const config = record.asyncConfigs[qualifierOf(request)];
  if (!config) throw new FcRefusal('AsyncConfigNotExists');
  return config;
}

function describeAsync(record: FunctionRecord, config: AsyncConfigRecord, deps: OperationDeps) {
  const { created, modified, ...settings } = config;
  return { ...settings, functionArn: arnOf(record, deps), createdTime: created, lastModifiedTime: modified };
}

export const putConcurrency: Operation = async (request, deps) => {
  const reservedConcurrency = readReservedConcurrency(bodyOf(request.body));
  const record = await deps.store.change(functionOf(request, deps).name, (before) => ({
    ...before,
    reservedConcurrency,
  }));
  return { body: { functionArn: arnOf(record, deps), reservedConcurrency } };
};

export const getConcurrency: Operation = (request, deps) => {
  const record = functionOf(request, deps);
  const { reservedConcurrency } = record;
  if (reservedConcurrency === undefined) throw new FcRefusal('ConcurrencyConfigNotFound');
  return { body: { functionArn: arnOf(record, deps), reservedConcurrency } };
};

export const deleteConcurrency: Operation = async (request, deps) => {
  await deps.store.change(functionOf(request, deps).name, ({ reservedConcurrency: _, ...record }) => record);
  return {};
};

export const listConcurrency: Operation = (request, deps) => {
  const configs = ofFunctions(request, deps).flatMap((record) =>
    record.reservedConcurrency === undefined
      ? []
      : [{ functionArn: arnOf(record, deps), reservedConcurrency: record.reservedConcurrency }],
  );
  return { body: { configs } };
};

export const putProvision: Operation = async (request, deps) => {
  const { name } = functionWithQualifier(request, deps);
  const qualifier = qualifierOf(request);
  const settings = readProvisionSettings(bodyOf(request.body));
  const record = await deps.store.change(name, (before) => ({
    ...before,
    provision: { ...before.provision, [qualifier]: settings },
  }));
  return { body: describeProvision(record, qualifier, deps) };
};

/** sdk: without a configuration the answer has no ARN. */
export const getProvision: Operation = (request, deps) => ({
  body: describeProvision(functionOf(request, deps), qualifierOf(request), deps),
});

export const deleteProvision: Operation = async (request, deps) => {
  await deps.store.change(functionOf(request, deps).name, (before) => ({
    ...before,
    provision: without(before.provision, qualifierOf(request)),
  }));
  return {};
};

export const listProvision: Operation = (request, deps) => {
  const provisionConfigs = ofFunctions(request, deps).flatMap((record) =>
    Object.keys(record.provision).map((qualifier) => describeProvision(record, qualifier, deps)),
  );
  return { body: { provisionConfigs } };
};

function describeProvision(record: FunctionRecord, qualifier: string, deps: OperationDeps) {
  const settings = record.provision[qualifier];
  if (!settings) return { functionArn: '', target: 0, current: 0 };
  const { defaultTarget, target = defaultTarget ?? 0 } = settings;
  return {
    ...settings,
    functionArn: `${arnOf(record, deps)}/${qualifier}`,
    target,
    current: readyOf(record, qualifier, deps),
  };
}

export const putScaling: Operation = async (request, deps) => {
  const { name } = functionWithQualifier(request, deps);
  const qualifier = qualifierOf(request);
  const settings = readScalingSettings(bodyOf(request.body));
  const record = await deps.store.change(name, (before) => ({
    ...before,
    scaling: { ...before.scaling, [qualifier]: settings },
  }));
  return { body: describeScaling(record, qualifier, deps) };
};

/** sdk: likewise. */
export const getScaling: Operation = (request, deps) => ({
  body: describeScaling(functionOf(request, deps), qualifierOf(request), deps),
});

export const deleteScaling: Operation = async (request, deps) => {
  await deps.store.change(functionOf(request, deps).name, (before) => ({
    ...before,
    scaling: without(before.scaling, qualifierOf(request)),
  }));
  return {};
};

export const listScaling: Operation = (request, deps) => {
  const scalingConfigs = ofFunctions(request, deps).flatMap((record) =>
    Object.keys(record.scaling).map((qualifier) => describeScaling(record, qualifier, deps)),
  );
  return { body: { scalingConfigs } };
};

function describeScaling(record: FunctionRecord, qualifier: string, deps: OperationDeps) {
  const settings = record.scaling[qualifier];
  if (!settings) return {};
  return {
    ...settings,
    functionArn: `${arnOf(record, deps)}/${qualifier}`,
    targetInstances: settings.minInstances ?? 0,
    currentInstances: readyOf(record, qualifier, deps),
  };
}

function readyOf({ name }: FunctionRecord, qualifier: string, { invocations }: OperationDeps): number {
  return invocations.instances(name).filter(({ versionId }) => versionId === qualifier).length;
}

/** The function, if it has the version or alias that the request names. */
function functionWithQualifier(request: FcRequest, deps: OperationDeps): FunctionRecord {
  const record = functionOf(request, deps);
  resolveVersion(record, qualifierOf(request), deps.random);
  return record;
}

/** The functions that a list is about: one by its name, or all. */
function ofFunctions(request: FcRequest, { store }: OperationDeps): readonly FunctionRecord[] {
  const name = request.query.get('functionName');
  if (name) return [store.get(name)];
  return pageOf(request, store.list(), (record) => record.name).items;
}

function without<T>(record: Readonly<Record<string, T>>, name: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
}

import { LogRefusal } from '../errors.ts';
import type { Logstore } from '../store/log-store.ts';
import { fieldsOf, isoNow, logstoreOf, type Operation, projectOf, putLogstore } from './operation.ts';

export const createLogstore: Operation = async (request, deps) => {
  const project = projectOf(request, deps);
  const { logstoreName, ttl = 30, shardCount = 1 } = fieldsOf(request);
  const name = String(logstoreName);
  if (!/^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$/.test(name)) {
    throw new LogRefusal(
      'ParameterInvalid',
      `logstore name ${name} should have 3 to 63 of a-z, 0-9, _ and -`,
    );
  }
  if (project.logstores.some((logstore) => logstore.name === name)) {
    throw new LogRefusal('LogStoreAlreadyExist', `logstore ${name} already exists`);
  }
  const logstore = { name, ttlDays: Number(ttl), shardCount: Number(shardCount), created: isoNow(deps) };
  await putLogstore(project, logstore, deps);
  return {};
};

export const getLogstore: Operation = (request, deps) => ({ body: describe(logstoreOf(request, deps)) });

export const listLogstores: Operation = (request, deps) => {
  const names = projectOf(request, deps).logstores.map(({ name }) => name);
  return { body: { count: names.length, total: names.length, logstores: names } };
};

export const deleteLogstore: Operation = async (request, deps) => {
  const { name } = logstoreOf(request, deps);
  const project = projectOf(request, deps);
  await deps.store.putProject({
    ...project,
    logstores: project.logstores.filter((logstore) => logstore.name !== name),
  });
  await deps.store.deleteLogs(project.name, name);
  return {};
};

export const createIndex: Operation = async (request, deps) => {
  const logstore = logstoreOf(request, deps);
  if (logstore.index) throw new LogRefusal('IndexAlreadyExist');
  await putLogstore(projectOf(request, deps), { ...logstore, index: fieldsOf(request) }, deps);
  return {};
};

export const updateIndex: Operation = async (request, deps) => {
  const logstore = logstoreOf(request, deps);
  if (!logstore.index) throw new LogRefusal('IndexConfigNotExist');
  await putLogstore(projectOf(request, deps), { ...logstore, index: fieldsOf(request) }, deps);
  return {};
};

export const getIndex: Operation = (request, deps) => {
  const { index } = logstoreOf(request, deps);
  if (!index) throw new LogRefusal('IndexConfigNotExist');
  return { body: { index_mode: 'v2', storage: 'pg', ttl: 30, ...index } };
};

export const deleteIndex: Operation = async (request, deps) => {
  const { index, ...rest } = logstoreOf(request, deps);
  if (!index) throw new LogRefusal('IndexConfigNotExist');
  await putLogstore(projectOf(request, deps), rest, deps);
  return {};
};

/** `productType` marks the logstore as one of Function Compute: a deployment then leaves it as it is. */
function describe({ name, ttlDays, shardCount, created }: Logstore) {
  const seconds = Math.floor(Date.parse(created) / 1000);
  return {
    logstoreName: name,
    ttl: ttlDays,
    shardCount,
    createTime: seconds,
    lastModifyTime: seconds,
    enable_tracking: false,
    autoSplit: false,
    appendMeta: false,
    telemetryType: '',
    mode: 'standard',
    productType: 'fc.serverless',
  };
}

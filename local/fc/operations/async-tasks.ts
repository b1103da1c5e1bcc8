import type { AsyncTask } from '../invocations/tasks.ts';
import type { FunctionRecord } from '../store/records.ts';
import { arnOf, functionOf, type Operation, type OperationDeps, pageOf } from './operation.ts';

export const listAsyncTasks: Operation = (request, deps) => {
  const record = functionOf(request, deps);
  const { query } = request;
  const status = query.get('status');
  const begin = Number(query.get('startedTimeBegin') || 0);
  const end = Number(query.get('startedTimeEnd') || Number.POSITIVE_INFINITY);
  const qualifier = query.get('qualifier');
  const matching = deps.invocations.tasks
    .list(record.name)
    .filter((task) => !status || task.status === status)
    .filter((task) => !qualifier || task.qualifier === qualifier)
    .filter(({ startedAt }) => startedAt >= begin && startedAt <= end);
  const ordered = query.get('sortOrderByTime') === 'ASC' ? [...matching].reverse() : matching;
  const { items, nextToken } = pageOf(request, ordered, ({ taskId }) => taskId);
  const withPayload = query.get('includePayload') === 'true';
  return { body: { tasks: items.map((task) => describe(record, task, withPayload, deps)), nextToken } };
};

export const getAsyncTask: Operation = (request, deps) => {
  const record = functionOf(request, deps);
  const task = deps.invocations.tasks.get(record.name, request.params.task ?? '');
  return { body: describe(record, task, true, deps) };
};

export const stopAsyncTask: Operation = (request, deps) => {
  deps.invocations.tasks.stop(functionOf(request, deps).name, request.params.task ?? '');
  return { body: {} };
};

function describe(record: FunctionRecord, task: AsyncTask, withPayload: boolean, deps: OperationDeps) {
  const {
    taskId,
    requestId,
    qualifier,
    status,
    startedAt,
    endedAt,
    retries,
    error,
    returned,
    payload,
    events,
  } = task;
  return {
    taskId,
    requestId,
    functionArn: arnOf(record, deps),
    qualifier,
    status,
    startedTime: startedAt,
    endTime: endedAt ?? 0,
    durationMs: endedAt === undefined ? 0 : endedAt - startedAt,
    alreadyRetriedTimes: retries,
    taskErrorMessage: error ?? '',
    ...(withPayload && { taskPayload: payload, returnPayload: returned ?? '' }),
    events: events.map(({ at, status: state }, index) => ({
      eventId: index + 1,
      eventDetail: '',
      status: state,
      timestamp: at,
    })),
  };
}

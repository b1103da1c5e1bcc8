import { LogRefusal } from '../errors.ts';
import { parseQuery } from '../query.ts';
import type { LogEntry } from '../store/log-store.ts';
import { fieldsOf, type LogRequest, logstoreOf, type Operation, type OperationDeps } from './operation.ts';

/** doc: logs per answer. */
const DEFAULT_LINES = 100;
const MAX_LINES = 100;

interface Wanted {
  readonly from: number;
  readonly to: number;
  readonly query: string;
  readonly topic: string;
  readonly line: number;
  readonly offset: number;
  readonly reverse: boolean;
}

/** The older form: a list of logs, with the figures in headers. */
export const getLogs: Operation = (request, deps) => {
  const wanted = wantedOf((name) => request.query.get(name));
  const logs = find(request, wanted, deps);
  return {
    body: logs.map(describe),
    headers: { 'x-log-count': String(logs.length), 'x-log-progress': 'Complete', 'x-log-has-sql': 'false' },
  };
};

/** The newer form: the figures are in the answer. */
export const getLogsV2: Operation = (request, deps) => {
  const fields = fieldsOf(request);
  const wanted = wantedOf((name) => (fields[name] === undefined ? undefined : String(fields[name])));
  const logs = find(request, wanted, deps);
  return {
    body: {
      meta: { count: logs.length, progress: 'Complete', hasSQL: false, mode: 0 },
      data: logs.map(describe),
    },
  };
};

/** In the order of time; as many as fit into one answer. Newest last unless `reverse` asks otherwise. */
function find(request: LogRequest, wanted: Wanted, deps: OperationDeps): LogEntry[] {
  const { name } = logstoreOf(request, deps);
  const { from, to, query, topic, line, offset, reverse } = wanted;
  const matches = parseQuery(query);
  const found = deps.store
    .entries(request.project, name)
    .filter(
      (entry) =>
        entry.time >= from && entry.time < Math.max(to, from + 1) && (topic === '' || entry.topic === topic),
    )
    .filter(matches)
    .sort((left, right) => left.time - right.time);
  if (reverse) found.reverse();
  return found.slice(offset, offset + line);
}

function wantedOf(read: (name: string) => string | undefined): Wanted {
  const number = (name: string, otherwise?: number): number => {
    const text = read(name);
    const value = text === undefined || text === '' ? otherwise : Number(text);
    if (value !== undefined && Number.isFinite(value)) return value;
    throw new LogRefusal('ParameterInvalid', `${name} should be a number, got ${text ?? 'nothing'}`);
  };
  return {
    from: number('from'),
    to: number('to'),
    query: read('query') ?? '',
    topic: read('topic') ?? '',
    // doc: -1 asks for all; a client of the service then reads page by page.
    line: Math.min(number('line', DEFAULT_LINES) < 0 ? MAX_LINES : number('line', DEFAULT_LINES), MAX_LINES),
    offset: number('offset', 0),
    reverse: read('reverse') === 'true',
  };
}

function describe({ time, topic, fields }: LogEntry) {
  return { __time__: String(time), __topic__: topic, __source__: '', ...fields };
}

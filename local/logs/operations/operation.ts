import type { Clock } from '../../../shared/runtime/clock.ts';
import { parseJson } from '../../http/decode.ts';
import { LogRefusal } from '../errors.ts';
import type { LogStore, Logstore, Project } from '../store/log-store.ts';

export interface LogRequest {
  /** From the host name; empty for requests to the service. */
  readonly project: string;
  readonly logstore: string;
  readonly query: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export interface OperationDeps {
  readonly store: LogStore;
  readonly region: string;
  readonly accountId: string;
  readonly clock: Clock;
}

export interface LogAnswer {
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Operation = (request: LogRequest, deps: OperationDeps) => LogAnswer | Promise<LogAnswer>;

/** Throws `ProjectNotExist`. */
export function projectOf({ project: name }: LogRequest, { store }: OperationDeps): Project {
  const project = store.project(name);
  if (!project) throw new LogRefusal('ProjectNotExist', `The Project does not exist : ${name}`);
  return project;
}

/** Throws `LogStoreNotExist`. */
export function logstoreOf(request: LogRequest, deps: OperationDeps): Logstore {
  const logstore = projectOf(request, deps).logstores.find(({ name }) => name === request.logstore);
  if (!logstore) throw new LogRefusal('LogStoreNotExist', `logstore ${request.logstore} does not exist`);
  return logstore;
}

/** The body as an object. Throws `PostBodyInvalid`. */
export function fieldsOf({ body }: LogRequest): Readonly<Record<string, unknown>> {
  const value = parseJson(body.toString('utf8'), (cause) => new LogRefusal('PostBodyInvalid', { cause }));
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw new LogRefusal('PostBodyInvalid');
}

/** Replaces a logstore of its project, or adds it. */
export async function putLogstore(
  project: Project,
  logstore: Logstore,
  { store }: OperationDeps,
): Promise<void> {
  const others = project.logstores.filter(({ name }) => name !== logstore.name);
  await store.putProject({ ...project, logstores: [...others, logstore] });
}

export function isoNow({ clock }: OperationDeps): string {
  return new Date(clock.now()).toISOString();
}

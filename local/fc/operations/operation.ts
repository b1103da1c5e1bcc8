import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Random } from '../../../shared/runtime/random.ts';
import type { KeyHolder } from '../../access/keyring.ts';
import type { Headers } from '../../http/headers.ts';
import type { Invocations } from '../invocations/index.ts';
import type { CodeStore } from '../store/code-store.ts';
import type { FunctionStore } from '../store/function-store.ts';
import { functionArn } from '../store/records.ts';
import type { TemporaryBucket } from '../temporary-bucket.ts';
import type { Triggers } from '../triggers/index.ts';

export interface FcRequest {
  readonly incoming: IncomingMessage;
  /** Path and query as on the wire. */
  readonly target: string;
  readonly headers: Headers;
  readonly query: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** The parts of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** Who signed the request; `undefined` if nobody has to. */
  readonly caller: KeyHolder | undefined;
}

export interface OperationDeps {
  readonly store: FunctionStore;
  readonly code: CodeStore;
  readonly invocations: Invocations;
  readonly triggers: Triggers;
  /** Absent where nothing can be deployed. */
  readonly temporaryBucket?: TemporaryBucket;
  readonly region: string;
  readonly accountId: string;
  /** `http://127.0.0.1:<port>` */
  readonly url: () => string;
  readonly newId: () => string;
  readonly clock: Clock;
  readonly random: Random;
  /** Throws `AccessDenied` unless the sender of the request may do this. */
  readonly authorize: (request: FcRequest, action: string, resource: string) => void;
  /** Verifies the signature of a request that only some triggers want. Throws `FcRefusal`. */
  readonly verify: (request: Omit<FcRequest, 'caller'>) => KeyHolder | undefined;
}

export interface FcAnswer {
  /** @default 200, or 204 without a body */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  /** An object is sent as JSON. */
  readonly body?: object | Buffer;
}

export type Operation = (request: FcRequest, deps: OperationDeps) => FcAnswer | Promise<FcAnswer>;

/** The function that the path names. Throws `FunctionNotFound`. */
export function functionOf({ params }: FcRequest, { store }: OperationDeps) {
  return store.get(params.function ?? '');
}

export function qualifierOf({ query }: FcRequest): string {
  return query.get('qualifier') || 'LATEST';
}

export function arnOf({ name }: { readonly name: string }, deps: OperationDeps): string {
  return functionArn(deps, name);
}

/** A time later than that of the last change, even within one millisecond: versions are told apart by it. */
export function timeAfter(before: string | undefined, { clock }: OperationDeps): string {
  const earliest = before === undefined ? 0 : Date.parse(before) + 1;
  return new Date(Math.max(clock.now(), earliest)).toISOString();
}

interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken?: string;
}

/** doc: lists are read in pages of at most 100; the token names the last item of the page before. */
export function pageOf<T>({ query }: FcRequest, all: readonly T[], keyOf: (item: T) => string): Page<T> {
  const limit = Math.min(Math.max(Number(query.get('limit') ?? 20) || 20, 1), 100);
  const after = query.get('nextToken');
  const prefix = query.get('prefix') ?? '';
  const matching = all.filter((item) => keyOf(item).startsWith(prefix));
  const start = after ? matching.findIndex((item) => keyOf(item) === after) + 1 : 0;
  const items = matching.slice(start, start + limit);
  const isLast = start + limit >= matching.length;
  return { items, nextToken: isLast ? undefined : keyOf(items.at(-1)!) };
}

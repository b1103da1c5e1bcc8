import type { ServerResponse } from 'node:http';
import type { Context } from './context.ts';
import { convertTo } from './convert.ts';
import { selectorOf, shown } from './read.ts';
import type { ApiRequest } from './request.ts';
import { groupVersion } from './resource.ts';
import { badRequest, gone, statusBody } from './status.ts';
import type { Change } from './store.ts';
import type { KubeObject, Tree } from './types.ts';

const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/** Open watches, for faults. */
export interface Watches {
  readonly open: ReadonlySet<Watch>;
  start(context: Context, request: ApiRequest, response: ServerResponse): void;
  /** Sends a bookmark to each client that requested bookmarks. */
  bookmark(): void;
  /** Cuts all connections without an error event. */
  cut(): void;
  /** Ends all watches with 410, as after a long pause. */
  expire(): void;
}

interface Watch {
  bookmark(): void;
  cut(): void;
  expire(): void;
}

export function createWatches(): Watches {
  const open = new Set<Watch>();
  return {
    open,
    start(context, request, response) {
      const watch = openWatch(context, request, response, () => open.delete(watch));
      open.add(watch);
    },
    bookmark() {
      for (const watch of open) watch.bookmark();
    },
    cut() {
      for (const watch of open) watch.cut();
    },
    expire() {
      for (const watch of open) watch.expire();
    },
  };
}

function openWatch(
  context: Context,
  request: ApiRequest,
  response: ServerResponse,
  onEnd: () => void,
): Watch {
  const { store } = context;
  const { resource, namespace, query } = request;
  const selects = selectorOf(request);
  const wantsBookmarks = query.get('allowWatchBookmarks') === 'true';
  const sendsInitial = query.get('sendInitialEvents') === 'true';
  if (sendsInitial && query.get('resourceVersionMatch') !== 'NotOlderThan') {
    throw badRequest('resourceVersionMatch is required to be NotOlderThan when sendInitialEvents is set');
  }
  const from = query.get('resourceVersion') || '0';
  let revision = store.revision();

  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  // Clients wait for the head of the answer before the first event.
  response.flushHeaders();
  const send = (type: string, object: Tree) => response.write(`${JSON.stringify({ type, object })}\n`);
  const show = (object: KubeObject) => shown(context, request, convertTo(resource, object));
  const concerns = (object: KubeObject) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    selects(convertTo(resource, object));

  const tell = (change: Change) => {
    if (change.storage !== resource.storage) return;
    revision = change.revision;
    const { object, previous } = change;
    const was = previous !== undefined && concerns(previous);
    const is = change.type !== 'DELETED' && concerns(object);
    if (is) send(was ? 'MODIFIED' : 'ADDED', show(object));
    else if (was) send('DELETED', show(object));
  };
  const bookmark = (annotations?: Record<string, string>) => {
    if (!wantsBookmarks) return;
    send('BOOKMARK', {
      kind: resource.kind,
      apiVersion: groupVersion(resource),
      metadata: {
        resourceVersion: String(Math.max(revision, store.revision())),
        creationTimestamp: null,
        ...(annotations && { annotations }),
      },
    });
  };

  const stopListening = store.onChange(tell);
  const seconds = Number(query.get('timeoutSeconds') ?? 0) || 1800;
  const end = () => {
    stopListening();
    response.end();
  };
  const timer = setTimeout(() => {
    bookmark();
    end();
  }, seconds * 1000);
  response.once('close', () => {
    clearTimeout(timer);
    stopListening();
    onEnd();
  });
  const fail = () => {
    const error = gone(`too old resource version: ${from} (${store.oldest()})`);
    send('ERROR', statusBody(error));
    end();
  };

  const isFresh = from === '0' || sendsInitial;
  if (!isFresh && Number(from) < store.oldest()) fail();
  else if (isFresh) {
    if (query.get('sendInitialEvents') !== 'false') {
      for (const object of store.list(resource.storage, namespace))
        if (concerns(object)) send('ADDED', show(object));
    }
    if (sendsInitial) bookmark({ [INITIAL_EVENTS_END]: 'true' });
  } else for (const change of store.since(Number(from))) tell(change);
  return {
    bookmark,
    cut() {
      stopListening();
      response.destroy();
    },
    expire: fail,
  };
}

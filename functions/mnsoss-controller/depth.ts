import { toAppError } from '../../shared/runtime/errors.ts';
import type { ServedAnswer } from '../../shared/runtime/http-server.ts';
import type { Controller } from './controller.ts';
import type { ControllerDeps } from './deps.ts';
import { keyText, type SourceKey } from './source/names.ts';
import { readSpec } from './source/spec.ts';
import { readCredentials } from './steps/read-credentials.ts';

/** Milliseconds for which a depth is cached. */
const MAX_AGE_MS = 2_000;
const PATH = /^\/queues\/([a-z0-9-]{1,63})\/([a-z0-9.-]{1,253})$/;

/** `GET /queues/<namespace>/<name>`: how many messages a source has, for KEDA's `metrics-api`. */
export function createDepthHandler(
  controller: Pick<Controller, 'find'>,
  deps: ControllerDeps,
): (request: { method: string; path: string }) => Promise<ServedAnswer> {
  const cache = new Map<string, { at: number; answer: Promise<ServedAnswer> }>();

  return async ({ method, path }) => {
    const match = PATH.exec(path);
    if (!match) return json(404, { code: 'NotFound', message: 'try /queues/<namespace>/<name>' });
    if (method !== 'GET') return json(405, { code: 'MethodNotAllowed', message: 'GET only' });
    const key = { namespace: match[1]!, name: match[2]! };
    const text = keyText(key);
    const known = cache.get(text);
    if (known && deps.clock.monotonic() - known.at < MAX_AGE_MS) return known.answer;
    if (!controller.find(key)) {
      cache.delete(text);
      return json(404, { code: 'SourceNotFound', message: `there is no MnsOssSource ${text}` });
    }
    const answer = depthOf(key, controller, deps);
    cache.set(text, { at: deps.clock.monotonic(), answer });
    return answer;
  };
}

/** An error has no number: KEDA then uses its fallback. A zero would stop pollers that have messages. */
async function depthOf(
  key: SourceKey,
  controller: Pick<Controller, 'find'>,
  deps: ControllerDeps,
): Promise<ServedAnswer> {
  const source = controller.find(key)!;
  const queue = source.status?.queue;
  const read = readSpec(source.spec);
  if (!queue || 'faults' in read) {
    return json(503, { code: 'QueueNotReady', message: 'the source has no queue yet: look at its status' });
  }
  try {
    const { conditions, facts } = await readCredentials(source, read.spec, deps);
    const { reason: code, message } = conditions.CredentialsProvided;
    if (!facts.token) return json(503, { code, message });
    const client = deps.connectMns(facts.token);
    try {
      const { activeMessages, inactiveMessages, delayMessages } = await client.queue(queue).attributes();
      return json(200, {
        queue,
        active: activeMessages,
        inactive: inactiveMessages,
        delayed: delayMessages,
        // Messages in flight count: their pollers must not be scaled away.
        depth: activeMessages + inactiveMessages,
      });
    } finally {
      client.close();
    }
  } catch (thrown) {
    const { code, message } = toAppError(thrown);
    return json(503, { code, message });
  }
}

function json(status: number, body: object): ServedAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: `${JSON.stringify(body)}\n` };
}

import { createHash } from 'node:crypto';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { toAppError } from '../../../shared/runtime/errors.ts';
import type { Logger } from '../../../shared/runtime/log.ts';
import { createMemo } from '../../../shared/runtime/recent.ts';
import type { Cluster } from './cluster.ts';
import { statusOf } from './errors.ts';
import { type KubeObject, RESOURCES } from './resources.ts';

export interface Note {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** Records an event about an object; `kubectl describe` shows it. A failure is logged, never thrown. */
export type Recorder = (about: KubeObject, note: Note) => Promise<void>;

/** The limit of the API server. */
const MAX_MESSAGE_LENGTH = 1024;

/** Kubernetes keeps events for an hour by default. A note that is still true is recorded again then. */
const REPEAT_MS = 3_600_000;

/** One event per note and generation of the object. Its name is derived from them, so that replicas do not repeat it. */
export function createRecorder(cluster: Cluster, clock: Clock, logger: Logger): Recorder {
  const recorded = createMemo(clock, REPEAT_MS);

  return async ({ apiVersion, kind, metadata }, { type, reason, message }) => {
    const { namespace, name, uid, generation } = metadata;
    const hash = createHash('sha256').update(JSON.stringify([uid, generation, reason, message]));
    const id = `${name}.${hash.digest('hex').slice(0, 16)}`;
    if (recorded.has(`${namespace}/${id}`, '')) return;
    recorded.put(`${namespace}/${id}`, '');
    const now = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace: namespace!, name: id },
      involvedObject: { apiVersion, kind, namespace, name, uid },
      type,
      reason,
      message: message.slice(0, MAX_MESSAGE_LENGTH),
      source: { component: 'mnsoss-controller' },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    };
    try {
      await cluster.create(RESOURCES.event, event as KubeObject);
    } catch (thrown) {
      if (statusOf(thrown) === 409) return;
      const { code, message: why } = toAppError(thrown);
      logger.warn({ code, reason: why, note: reason, namespace, name }, 'an event could not be recorded');
    }
  };
}

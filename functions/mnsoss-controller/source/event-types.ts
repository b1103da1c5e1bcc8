import { EVENT_SOURCE, EVENT_TYPES, type EventEffect } from '../../../shared/envelope/event-types.ts';

/**
 * More than recognition works on: a source serves every consumer that follows objects. Downloads, steps of multipart
 * uploads and changes of storage are omitted, because they do not concern an object's content or metadata.
 */
const CHANGES: readonly EventEffect[] = ['creates', 'modifies', 'removes', 'restores'];

/** For the annotation of the CRD, from which Knative lists the events of a source. */
export const SOURCE_EVENTS = EVENT_TYPES.filter(({ effect }) => CHANGES.includes(effect)).map(
  ({ name, meaning }) => ({ type: `oss:${name}`, description: meaning }),
);

export const CE_ATTRIBUTES = SOURCE_EVENTS.map(({ type }) => ({ type, source: EVENT_SOURCE }));

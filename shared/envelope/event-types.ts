/** `source` of every CloudEvent of OSS, as EventBridge writes it. */
export const EVENT_SOURCE = 'acs.oss';

/**
 * What an event says about its object.
 * - `creates`: the object exists whole, with new content.
 * - `modifies`: its metadata changed, its content did not.
 * - `removes`: it does not exist any more; on a versioned bucket it is hidden behind a delete marker.
 * - `bookkeeping`: a step of a multipart upload, before there is an object or instead of one.
 * - `stores`: the same object is kept elsewhere or in another storage class.
 * - `restores`: an archived object can be read again.
 * - `reads`: it was downloaded.
 */
export type EventEffect =
  | 'creates'
  | 'modifies'
  | 'removes'
  | 'bookkeeping'
  | 'stores'
  | 'restores'
  | 'reads';

/** An event rule of a bucket may name every type, an OSS trigger of Function Compute only some. */
type Selectable = 'rules and triggers' | 'rules';

export interface EventType<Name extends string = string> {
  /** `<group>:<operation>`. CloudEvents and Function Compute put `oss:` before it. */
  readonly name: Name;
  readonly effect: EventEffect;
  readonly selectable: Selectable;
  /** Whether the pipeline works on it. Rules for the pipeline name exactly these types. */
  readonly isRecognized: boolean;
  /** One sentence. */
  readonly meaning: string;
}

const [both, rules] = ['rules and triggers', 'rules'] as const;

/**
 * The one table of OSS's event types, which admission, event rules, triggers, the custom resource and the samples follow.
 * Source: OSS, "Event notification"; Function Compute, "OSS triggers".
 */
export const EVENT_TYPES = [
  row('ObjectCreated:PutObject', 'creates', both, true, 'An object was uploaded.'),
  row('ObjectCreated:PostObject', 'creates', both, true, 'An object was uploaded by a form.'),
  row('ObjectCreated:CopyObject', 'creates', both, true, 'An object was made as a copy.'),
  row('ObjectCreated:CompleteMultipartUpload', 'creates', both, true, 'An object was uploaded in parts.'),
  row('ObjectCreated:AppendObject', 'creates', both, true, 'An object was made or has grown by an append.'),
  // The object behind a link has an event of its own.
  row('ObjectCreated:PutSymlink', 'creates', both, false, 'A symbolic link was made.'),
  row('ObjectCreated:InitiateMultipartUpload', 'bookkeeping', both, false, 'An upload in parts began.'),
  row('ObjectCreated:UploadPart', 'bookkeeping', both, false, 'A part was uploaded.'),
  row('ObjectCreated:UploadPartCopy', 'bookkeeping', both, false, 'A part was copied from an object.'),
  row('ObjectModified:UpdateObjectMeta', 'modifies', both, false, 'Metadata of an object changed.'),
  row('ObjectModified:ChangeStorageClass', 'stores', rules, false, 'The storage class of an object changed.'),
  row('ObjectRemoved:DeleteObject', 'removes', both, true, 'An object was deleted.'),
  row('ObjectRemoved:DeleteObjects', 'removes', both, true, 'An object was deleted among others.'),
  row('ObjectRemoved:AbortMultipartUpload', 'bookkeeping', both, false, 'An upload in parts was aborted.'),
  row('ObjectDownloaded:GetObject', 'reads', rules, false, 'An object was downloaded.'),
  row('ObjectReplication:ObjectCreated', 'stores', rules, false, 'A new object was replicated.'),
  row('ObjectReplication:ObjectModified', 'stores', rules, false, 'A modification was replicated.'),
  row('ObjectReplication:ObjectRemoved', 'stores', rules, false, 'A deletion was replicated.'),
  row('ObjectRestore:FinishRestore', 'restores', rules, true, 'An archived object can be read again.'),
] as const;

export type EventName = (typeof EVENT_TYPES)[number]['name'];

const BY_NAME: ReadonlyMap<string, EventType> = new Map(EVENT_TYPES.map((type) => [type.name, type]));

/** `undefined` for a type that OSS does not document. Such events are ignored, not rejected. */
export function eventTypeOf(name: string): EventType | undefined {
  return BY_NAME.get(name);
}

const RECOGNIZED = EVENT_TYPES.filter(({ isRecognized }) => isRecognized);

/** What event rules for the pipeline name. */
export const RECOGNIZED_EVENTS: readonly EventName[] = RECOGNIZED.map(({ name }) => name);

/**
 * What OSS triggers for the pipeline name: a trigger does not know every type.
 *
 * @public only scripts and tests use it
 */
export const TRIGGER_EVENTS: readonly EventName[] = RECOGNIZED.filter(
  ({ selectable }) => selectable === both,
).map(({ name }) => name);

function row<Name extends string>(
  name: Name,
  effect: EventEffect,
  selectable: Selectable,
  isRecognized: boolean,
  meaning: string,
): EventType<Name> {
  return { name, effect, selectable, isRecognized, meaning };
}

/** `source` of every event, as EventBridge has it. */
export const EVENT_SOURCE = 'acs.oss';

/** The changes of an object that an event rule can tell, with what each means. Source: OSS event notification. */
const EVENTS = {
  'ObjectCreated:PutObject': 'An object was uploaded.',
  'ObjectCreated:PostObject': 'An object was uploaded by a form.',
  'ObjectCreated:CopyObject': 'An object was made as a copy.',
  'ObjectCreated:CompleteMultipartUpload': 'An object was uploaded in parts.',
  'ObjectCreated:AppendObject': 'An object was made or has grown by an append.',
  'ObjectCreated:PutSymlink': 'A symbolic link was made.',
  'ObjectModified:UpdateObjectMeta': 'Metadata of an object changed.',
  'ObjectRemoved:DeleteObject': 'An object was deleted.',
  'ObjectRemoved:DeleteObjects': 'An object was deleted among others.',
} as const;

export const EVENT_TYPES = Object.entries(EVENTS).map(([name, description]) => ({
  type: `oss:${name}`,
  description,
}));

export const CE_ATTRIBUTES = EVENT_TYPES.map(({ type }) => ({ type, source: EVENT_SOURCE }));

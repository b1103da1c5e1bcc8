/**
 * What the machine does next with an error.
 * - `permanent`: the same input fails again. Recorded beside the results and acknowledged.
 * - `transient`: may pass later. Retried with a delay.
 * - `throttled`: a quota is exhausted. Retried after `retryAfterMs`, and the pace is lowered.
 * - `misconfigured`: nothing succeeds until a person changes something. The program stops loudly.
 */
export type ErrorKind = 'permanent' | 'transient' | 'throttled' | 'misconfigured';

interface ErrorCodeRow {
  readonly kind: ErrorKind;
  /** One sentence: what happened. */
  readonly meaning: string;
  /** One sentence: what the reader of the message can do. */
  readonly fix: string;
}

/** The one table of error codes; `docs/errors.md` is generated from it. */
export const ERROR_CODES = {
  ConfigInvalid: {
    kind: 'misconfigured',
    meaning: 'A setting is missing or out of its bounds.',
    fix: 'Set the environment variable or flag that the message names.',
  },
  CredentialsMissing: {
    kind: 'misconfigured',
    meaning: 'No credentials were found in any of the places that are searched.',
    fix: 'Give the function a role, or set the variables that the message names.',
  },
  TokenMalformed: {
    kind: 'misconfigured',
    meaning: 'The MnsOss token is neither JSON with url, accessKeyId and accessKeySecret nor Base64 of it.',
    fix: 'Write the JSON object again and update the secret.',
  },
  LoopRefused: {
    kind: 'misconfigured',
    meaning: 'Results would be written where uploads are watched, so every result would start a new run.',
    fix: 'Choose a result prefix outside the watched prefix, or another bucket.',
  },
  ModelMismatch: {
    kind: 'misconfigured',
    meaning: 'A face model file is absent or its SHA-256 is not the one this engine was tested with.',
    fix: 'Install the dependencies again from the lock file.',
  },
  EngineUnavailable: {
    kind: 'misconfigured',
    meaning: 'The runtime of the face engine cannot be loaded on this machine.',
    fix: 'Use Linux, macOS or Windows on x64 or arm64 with glibc, or choose another engine.',
  },
  EngineCrashed: {
    kind: 'transient',
    meaning: 'A thread of the face engine ended while it looked at the picture, and so did a second one.',
    fix: 'Nothing at first: the message is retried. If it lasts, give the process more memory or lower ENGINE_WORKERS.',
  },
  EnvelopeUnknown: {
    kind: 'permanent',
    meaning: 'The event matches none of the known trigger envelopes.',
    fix: 'Compare the event with the samples in events/; the details say which envelope failed where.',
  },
  EnvelopeTooDeep: {
    kind: 'permanent',
    meaning: 'Envelopes are nested deeper than the bound.',
    fix: 'Remove a layer of encoding between the trigger and the function.',
  },
  EventTooLarge: {
    kind: 'permanent',
    meaning: 'The event is larger than the bound.',
    fix: 'Send fewer records in one event.',
  },
  InvalidImage: {
    kind: 'permanent',
    meaning: 'The object is no image that can be decoded.',
    fix: 'Upload a JPEG, PNG, WebP, GIF, TIFF or AVIF file.',
  },
  ImageTooLarge: {
    kind: 'permanent',
    meaning: 'The image exceeds a bound: bytes, pixels, pages or decode time.',
    fix: 'Upload a smaller image or raise the bound that the message names.',
  },
  NoSuchKey: {
    kind: 'permanent',
    meaning: 'The object does not exist.',
    fix: 'Check bucket and key; the object may have been deleted since.',
  },
  NoSuchBucket: {
    kind: 'misconfigured',
    meaning: 'The bucket does not exist.',
    fix: 'Create the bucket or correct its name and region.',
  },
  AccessDenied: {
    kind: 'misconfigured',
    meaning: 'The credentials may not do this.',
    fix: 'Add the action that the message names to the role; the least policies are in docs/.',
  },
  InvalidAccessKeyId: {
    kind: 'misconfigured',
    meaning: 'The access key is unknown or inactive.',
    fix: 'Use a key of the account that owns the resource.',
  },
  SignatureDoesNotMatch: {
    kind: 'misconfigured',
    meaning: 'The service computed another signature.',
    fix: 'Check the access key secret and the clock of this machine.',
  },
  SecurityTokenExpired: {
    kind: 'transient',
    meaning: 'The temporary credentials have expired.',
    fix: 'Nothing: they are fetched again and the call is repeated.',
  },
  PreconditionFailed: {
    kind: 'permanent',
    meaning: 'The object is not in the state the call demanded.',
    fix: 'Read the object again; another writer was faster.',
  },
  ObjectAlreadyExists: {
    kind: 'permanent',
    meaning: 'A write that may not overwrite found an object.',
    fix: 'Read the object that is there.',
  },
  BodyMismatch: {
    kind: 'transient',
    meaning: 'The bytes received do not have the length or checksum that was announced.',
    fix: 'Nothing: the transfer is repeated.',
  },
  QueueNotExist: {
    kind: 'misconfigured',
    meaning: 'The queue does not exist.',
    fix: 'Create the queue or correct its name.',
  },
  TopicNotExist: {
    kind: 'misconfigured',
    meaning: 'The topic does not exist.',
    fix: 'Create the event rule first; the topic is made with it.',
  },
  ResourceConflict: {
    kind: 'misconfigured',
    meaning: 'A queue, topic or subscription of that name exists with other attributes.',
    fix: 'Choose another name, or change the attributes of the one that exists.',
  },
  MessageNotExist: {
    kind: 'permanent',
    meaning: 'The receipt handle is no longer valid: the message was redelivered or deleted.',
    fix: 'Nothing: whoever received it last answers for it.',
  },
  InvalidRequest: {
    kind: 'permanent',
    meaning: 'The service refused the request as malformed.',
    fix: 'Report it with the request id; this is a fault of the client.',
  },
  ServiceUnavailable: {
    kind: 'transient',
    meaning: 'The service answered with an error of its own or did not answer in time.',
    fix: 'Nothing: the call is repeated with growing delay.',
  },
  NetworkError: {
    kind: 'transient',
    meaning: 'The connection failed.',
    fix: 'Check the endpoint if it lasts; until then the call is repeated with growing delay.',
  },
  Throttled: {
    kind: 'throttled',
    meaning: 'A quota of the service is exhausted for the moment.',
    fix: 'Nothing: the call is repeated later and the pace is lowered; raise the quota if it lasts.',
  },
  SinkRejected: {
    kind: 'permanent',
    meaning: 'The sink refused the event for good.',
    fix: 'Look at the dead letter: it holds the event and the answer of the sink.',
  },
  DequeueLimitExceeded: {
    kind: 'permanent',
    meaning: 'The message was delivered as often as allowed and never succeeded.',
    fix: 'Look at the dead letter: its reason is the last failure.',
  },
  Aborted: {
    kind: 'transient',
    meaning: 'The work was stopped before it finished.',
    fix: 'Nothing: the message becomes visible again.',
  },
  StorageCorrupt: {
    kind: 'misconfigured',
    meaning: 'A file of the local cloud does not hold what was written to it.',
    fix: 'Restore the data directory from a copy, or remove the file that the message names.',
  },
  JournalFailed: {
    kind: 'misconfigured',
    meaning: 'The local cloud could not write its journal, so it acknowledges nothing any more.',
    fix: 'Make room on the disk or correct its permissions, then start again.',
  },
  GalleryMismatch: {
    kind: 'misconfigured',
    meaning: 'The gallery of people was made by another embedder, or the engine gives no embeddings for it.',
    fix: 'Set EMBEDDER or ENGINE to what made the gallery, as the message names it, or enrol everybody again: `mnsoss-face people enrol --again`.',
  },
  GalleryDamaged: {
    kind: 'misconfigured',
    meaning: 'An object of the gallery does not hold what was written to it.',
    fix: 'Enrol everybody again from the original photos; the message names the object.',
  },
  GalleryFull: {
    kind: 'permanent',
    meaning: 'The gallery takes no more faces of this person, or no more people.',
    fix: 'Delete photos of this person that are no longer needed, or use another gallery.',
  },
  PersonNameInvalid: {
    kind: 'permanent',
    meaning: 'The name cannot stand for a person in this gallery.',
    fix: 'Choose a name that keeps to what the message says.',
  },
  FaceNotFound: {
    kind: 'permanent',
    meaning: 'A picture that was to be compared shows no face that is large enough.',
    fix: 'Use a photo in which the face is at least 64 pixels wide.',
  },
  FaceServiceRefused: {
    kind: 'misconfigured',
    meaning: 'The face service does not serve this account: not activated, out of service or in arrears.',
    fix: 'Activate the face and body category in the console of the account and look at its balance.',
  },
  Unexpected: {
    kind: 'transient',
    meaning: 'An error that no rule knows.',
    fix: 'Report it with the ids in the log; the message is retried and dead-lettered at last.',
  },
} as const satisfies Record<string, ErrorCodeRow>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Ids and figures that help a reader find the cause; never a secret, never a body. */
export type ErrorDetails = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

export interface AppErrorOptions {
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
  /** Milliseconds to wait before the next try, when the other side named them. */
  readonly retryAfterMs?: number;
}

/** The one error type: its code decides its kind, and its kind decides what happens next. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly details: ErrorDetails;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.kind = ERROR_CODES[code].kind;
    this.details = options.details ?? {};
    this.retryAfterMs = options.retryAfterMs;
  }
}

export function isAppError(error: unknown, ...codes: ErrorCode[]): error is AppError {
  return error instanceof AppError && (codes.length === 0 || codes.includes(error.code));
}

/** Gives every thrown value a code, so that behaviour never depends on an unknown shape. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof Error && error.name === 'AbortError') {
    return new AppError('Aborted', error.message, { cause: error });
  }
  return new AppError('Unexpected', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}

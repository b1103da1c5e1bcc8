/**
 * What the machine does next with an error.
 * - `permanent`: the same input fails again. Recorded beside the results and acknowledged.
 * - `transient`: may succeed later. Retried with a delay.
 * - `throttled`: a quota is exhausted. Retried after `retryAfterMs`, and the pace is lowered.
 * - `misconfigured`: nothing succeeds until a person changes a setting. The program stops with a clear message.
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
    meaning: 'A face model file is missing, or its SHA-256 is not the one that this engine was tested with.',
    fix: 'Install the dependencies again from the lock file.',
  },
  EngineUnavailable: {
    kind: 'misconfigured',
    meaning: 'The runtime of the face engine cannot be loaded on this machine.',
    fix: 'Use Linux, macOS or Windows on x64 or arm64 with glibc, or choose another engine.',
  },
  EngineCrashed: {
    kind: 'transient',
    meaning: 'A thread of the face engine died while it processed the picture, and so did a second thread.',
    fix: 'Nothing at first: the message is retried. If it happens again, give the process more memory or lower ENGINE_WORKERS.',
  },
  EnvelopeUnknown: {
    kind: 'permanent',
    meaning: 'The event matches none of the known trigger envelopes.',
    fix: 'Compare the event with the samples in events/; the details say which envelope failed where.',
  },
  EnvelopeTooDeep: {
    kind: 'permanent',
    meaning: 'Envelopes are nested too deeply.',
    fix: 'Remove a layer of encoding between the trigger and the function.',
  },
  EventTooLarge: {
    kind: 'permanent',
    meaning: 'The event is larger than allowed.',
    fix: 'Send fewer records in one event.',
  },
  InvalidImage: {
    kind: 'permanent',
    meaning: 'The object is not an image that can be decoded.',
    fix: 'Upload a JPEG, PNG, WebP, GIF, TIFF or AVIF file.',
  },
  ImageTooLarge: {
    kind: 'permanent',
    meaning: 'The image exceeds a limit: bytes, pixels, pages or decode time.',
    fix: 'Upload a smaller image or raise the limit that the message names.',
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
    fix: 'Add the action that the message names to the role; docs/ has the least policies.',
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
    meaning: 'The object is not in the state that the call requires.',
    fix: 'Read the object again; another writer was faster.',
  },
  ObjectAlreadyExists: {
    kind: 'permanent',
    meaning: 'A write that must not overwrite found an existing object.',
    fix: 'Read the existing object.',
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
    fix: 'Create the event rule first; it creates the topic.',
  },
  ResourceConflict: {
    kind: 'misconfigured',
    meaning: 'A queue, topic or subscription of that name exists with other attributes.',
    fix: 'Choose another name, or change the attributes of the one that exists.',
  },
  MessageNotExist: {
    kind: 'permanent',
    meaning: 'The receipt handle is no longer valid: the message was redelivered or deleted.',
    fix: 'Nothing: the process that received it last is responsible for it.',
  },
  InvalidRequest: {
    kind: 'permanent',
    meaning: 'The service refused the request as invalid.',
    fix: 'Report it with the request id: it is a bug of this client.',
  },
  ServiceUnavailable: {
    kind: 'transient',
    meaning: 'The service answered with an internal error, or did not answer in time.',
    fix: 'Nothing: the call is repeated with growing delay.',
  },
  NetworkError: {
    kind: 'transient',
    meaning: 'The connection failed.',
    fix: 'If it lasts, check the endpoint. Until then the call is repeated with growing delay.',
  },
  Throttled: {
    kind: 'throttled',
    meaning: 'A quota of the service is exhausted for the moment.',
    fix: 'Nothing: the call is repeated later and the pace is lowered; raise the quota if it lasts.',
  },
  SinkRejected: {
    kind: 'permanent',
    meaning: 'The sink refused the event permanently.',
    fix: 'Look at the dead letter: it contains the event and the answer of the sink.',
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
    meaning: 'A file of the local cloud does not contain what was written to it.',
    fix: 'Restore the data directory from a copy, or remove the file that the message names.',
  },
  JournalFailed: {
    kind: 'misconfigured',
    meaning: 'The local cloud could not write its journal, so it acknowledges nothing more.',
    fix: 'Make room on the disk or correct its permissions, then start again.',
  },
  GalleryMismatch: {
    kind: 'misconfigured',
    meaning: 'Another embedder made the gallery, or the engine makes no embeddings for it.',
    fix: 'Set EMBEDDER or ENGINE to the one that the message names, or enrol everyone again: `mnsoss-face people enrol --again`.',
  },
  GalleryDamaged: {
    kind: 'misconfigured',
    meaning: 'An object of the gallery does not contain what was written to it.',
    fix: 'Enrol everyone again from the photos; the message names the object.',
  },
  GalleryFull: {
    kind: 'permanent',
    meaning: 'The gallery has no room for more faces of this person, or for more people.',
    fix: 'Delete photos of this person that are no longer needed, or use another gallery.',
  },
  PersonNameInvalid: {
    kind: 'permanent',
    meaning: 'The name of the person is not allowed in this gallery.',
    fix: 'Choose a name within the limits that the message names.',
  },
  FaceNotFound: {
    kind: 'permanent',
    meaning: 'A picture for a comparison shows no face that is large enough.',
    fix: 'Use a photo in which the face is at least 64 pixels wide.',
  },
  FaceServiceRefused: {
    kind: 'misconfigured',
    meaning: 'The face service does not serve this account: not activated, out of service or in arrears.',
    fix: 'Activate the category face and body in the console of the account, and check its balance.',
  },
  Unexpected: {
    kind: 'transient',
    meaning: 'An error without a rule of its own.',
    fix: 'Report it with the ids in the log. The message is retried and finally becomes a dead letter.',
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
  /** Milliseconds to wait before the next attempt, if the service named them. */
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

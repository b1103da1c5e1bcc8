/**
 * What a program does next after an error.
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

const rowOf =
  (kind: ErrorKind) =>
  (meaning: string, fix: string): ErrorCodeRow => ({ kind, meaning, fix });
const permanent = rowOf('permanent');
const transient = rowOf('transient');
const throttled = rowOf('throttled');
const misconfigured = rowOf('misconfigured');

/** The one table of error codes; `docs/errors.md` is generated from it. */
export const ERROR_CODES = {
  ConfigInvalid: misconfigured(
    'A setting is missing or out of its bounds.',
    'Set the environment variable or flag that the message names.',
  ),
  CredentialsMissing: misconfigured(
    'No credentials were found in any of the places that are searched.',
    'Give the function a role, or set the variables that the message names.',
  ),
  TokenMalformed: misconfigured(
    'The MnsOss token is neither JSON with url, accessKeyId and accessKeySecret nor Base64 of such JSON.',
    'Write the JSON object again and update the secret.',
  ),
  LoopRefused: misconfigured(
    'Results would be written below the watched prefix, and every result would trigger the function again.',
    'Choose a result prefix outside the watched prefix, or another bucket.',
  ),
  ModelMismatch: misconfigured(
    'A face model file is missing, or its SHA-256 is not the one that this engine was tested with.',
    'Install the dependencies again from the lock file.',
  ),
  EngineUnavailable: misconfigured(
    'The face engine cannot be loaded on this machine.',
    'Use Linux, macOS or Windows on x64 or arm64 with glibc, or choose another engine.',
  ),
  EngineCrashed: transient(
    'The process that worked on the picture ended by itself, and so did a second one.',
    'Nothing at first: the message is retried. If it happens again, give the process more memory or lower ENGINE_WORKERS.',
  ),
  EnvelopeUnknown: permanent(
    'The event matches none of the known trigger envelopes.',
    'Compare the event with the samples in events/; the details say which envelope failed where.',
  ),
  EnvelopeTooDeep: permanent(
    'Envelopes are nested too deeply.',
    'Remove a layer of encoding between the trigger and the function.',
  ),
  EventTooLarge: permanent('The event is larger than allowed.', 'Send fewer records in one event.'),
  SourceRefused: permanent(
    'The event is of a bucket, account or region that this program is not configured for.',
    'Add the bucket to SOURCE_BUCKETS if its events are wanted.',
  ),
  IdentityRefused: permanent(
    'The request has no token, or one that was not issued for this receiver.',
    'Give the Trigger or the sender the audience of OIDC_AUDIENCE, and add its service account to OIDC_SUBJECTS if that is set.',
  ),
  InvalidImage: permanent(
    'The object is not an image that can be decoded.',
    'Upload a JPEG, PNG, WebP, GIF, TIFF or AVIF file.',
  ),
  ImageTooLarge: permanent(
    'The image exceeds a bound: bytes, pixels, scans, frames, metadata, or the memory or processor time that it takes.',
    'Upload a smaller image or raise the bound that the message names.',
  ),
  NoSuchKey: permanent(
    'The object does not exist.',
    'Check bucket and key. The object may have been deleted in the meantime.',
  ),
  ObjectArchived: permanent(
    'The object is in an archive storage class and cannot be read before it is restored.',
    'Restore the object. For Cold Archive and Deep Cold Archive, the event FinishRestore then processes it; for Archive, copy the object onto itself afterwards.',
  ),
  ObjectUnreadable: permanent(
    'This object cannot be read: a policy denies it, or its encryption key may not be used.',
    'Allow oss:GetObject for its key, and kms:Decrypt for its encryption key if it has one; then copy the object onto itself.',
  ),
  NoSuchBucket: misconfigured(
    'The bucket does not exist.',
    'Create the bucket or correct its name and region.',
  ),
  AccessDenied: misconfigured(
    'The credentials do not allow this operation.',
    'Add the action that the message names to the role; the smallest policies are in docs/.',
  ),
  InvalidAccessKeyId: misconfigured(
    'The access key is unknown or inactive.',
    'Use a key of the account that owns the resource.',
  ),
  SignatureDoesNotMatch: misconfigured(
    'The service computed a different signature.',
    'Check the access key secret and the clock of this machine.',
  ),
  SecurityTokenExpired: transient(
    'The temporary credentials have expired.',
    'Nothing: they are fetched again and the call is repeated.',
  ),
  PreconditionFailed: permanent(
    'The object is not in the state that the request demanded.',
    'Read the object again: another writer was faster.',
  ),
  ObjectAlreadyExists: permanent(
    'A write that must not overwrite found an existing object.',
    'Read the existing object.',
  ),
  BodyMismatch: transient(
    'The received bytes do not have the announced length or checksum.',
    'Nothing: the transfer is repeated.',
  ),
  QueueNotExist: misconfigured('The queue does not exist.', 'Create the queue or correct its name.'),
  TopicNotExist: misconfigured(
    'The topic does not exist.',
    'Create the event rule first, which creates the topic.',
  ),
  ResourceConflict: misconfigured(
    'A queue, topic or subscription of that name exists with other attributes.',
    'Choose another name, or change the attributes of the existing resource.',
  ),
  MessageNotExist: permanent(
    'The receipt handle is no longer valid: the message was redelivered or deleted.',
    'Nothing: the consumer that received it last is responsible for it.',
  ),
  InvalidRequest: permanent(
    'The service rejected the request as malformed.',
    'Report it with the request id: this is a bug in the client.',
  ),
  ServiceUnavailable: transient(
    'The service answered with an internal error, or did not answer in time.',
    'Nothing: the call is repeated with growing delay.',
  ),
  NetworkError: transient(
    'The connection failed.',
    'If it lasts, check the endpoint. Until then the call is repeated with growing delay.',
  ),
  Throttled: throttled(
    'A quota of the service is exhausted at the moment.',
    'Nothing: the call is repeated later and the pace is lowered. Raise the quota if it lasts.',
  ),
  SinkRejected: permanent(
    'The sink rejected the event permanently.',
    'Look at the dead letter: it holds the event and the answer of the sink.',
  ),
  DequeueLimitExceeded: permanent(
    'The message was delivered as often as allowed and never succeeded.',
    'Look at the dead letter: its reason is the last failure.',
  ),
  Aborted: transient(
    'The operation was stopped before it finished.',
    'Nothing: the message becomes visible again.',
  ),
  StorageCorrupt: misconfigured(
    'A file of the local cloud does not contain what was written to it.',
    'Stop the cloud, then run `mnsoss-face cloud verify`, which lists all damage, and `mnsoss-face cloud repair`, which sets it aside.',
  ),
  DiskFull: transient(
    'The disk of the local cloud is full. Nothing of the request was stored.',
    'Free space on the disk; the cloud goes on by itself.',
  ),
  JournalFailed: misconfigured(
    'The local cloud could not write its journal and no longer acknowledges anything.',
    'Check the disk and its permissions, then start again.',
  ),
  GalleryMismatch: misconfigured(
    'The gallery of people was created with another embedder, or the engine returns no embeddings.',
    'Set EMBEDDER or ENGINE to the values that the message names, or enrol everybody again: `mnsoss-face people enrol --again`.',
  ),
  GalleryDamaged: misconfigured(
    'An object of the gallery does not contain what was written to it.',
    'Enrol everybody again from the original photos; the message names the object.',
  ),
  GalleryFull: permanent(
    'The gallery accepts no more faces of this person, or no more people.',
    'Delete photos of this person that are no longer needed, or use another gallery.',
  ),
  IndexMismatch: misconfigured(
    'The embedding of a face does not have the size of the face index.',
    'Set EMBEDDER to the value with which the index was made.',
  ),
  IndexDamaged: misconfigured(
    'An object of the face index does not contain what was written to it.',
    'Remove the object that the message names, and process the pictures again: `mnsoss-face backfill`.',
  ),
  FactInvalid: permanent(
    'A fact about faces does not have the form of one.',
    'State it by the commands of `mnsoss-face people`, or remove the object that the message names.',
  ),
  GroupNotFound: permanent(
    'There is no such group, face or fact, or the facts cannot be stated about it.',
    'Look at the ids with `mnsoss-face people groups --all` and `mnsoss-face people history`.',
  ),
  SearchCrashed: transient(
    'The thread that searches faces died.',
    'Nothing at first: the message is retried. If it happens again, give the process more memory.',
  ),
  PersonNameInvalid: permanent(
    'This gallery does not accept the name of the person.',
    'Choose a name that follows the rule in the message.',
  ),
  FaceNotFound: permanent(
    'A picture to compare shows no face that is large enough.',
    'Use a photo in which the face is at least 64 pixels wide.',
  ),
  FaceServiceRefused: misconfigured(
    'The face service does not serve this account: not activated, out of service or in arrears.',
    'Activate the face and body category in the console of the account and check its balance.',
  ),
  Unexpected: transient(
    'An error without a code of its own.',
    'Report it with the ids in the log; the message is retried and finally dead-lettered.',
  ),
};

export type ErrorCode = keyof typeof ERROR_CODES;

/** Ids and numbers that help a reader find the cause. Never a secret, never a body. */
export type ErrorDetails = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

export interface AppErrorOptions {
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
  /** Milliseconds to wait before the next attempt, if the other side said so. */
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

/** Wraps a thrown value that has no code. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof Error && error.name === 'AbortError') {
    return new AppError('Aborted', error.message, { cause: error });
  }
  return new AppError('Unexpected', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}

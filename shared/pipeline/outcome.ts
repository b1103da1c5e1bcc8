import type { RefusalReason } from '../faces/gallery/gate.ts';
import type { ErrorCode } from '../runtime/errors.ts';

/** The stages of one picture, in order. */
export type Stage = 'admit' | 'fetch' | 'prepare' | 'analyze' | 'identify' | 'render' | 'publish';

/** Milliseconds per stage; a stage that was not reached is absent. */
export type Durations = Partial<Record<Stage, number>>;

/** Why an event was ignored. */
export type IgnoreRule =
  | 'event-type'
  | 'own-result'
  | 'outside-prefix'
  | 'outside-suffix'
  | 'folder'
  | 'removal-off'
  | 'no-person';

/**
 * Results that recognition and enrolment share.
 * - `duplicate`: this write already has its document.
 * - `superseded`: the object changed after the event; the later event handles it.
 * - `gone`: the object no longer exists; after an `ObjectRemoved` event its results were removed too.
 * - `ignored`: the event is out of scope, by `rule`.
 * - `invalid`: not a usable image; recorded beside the results.
 * - `failed`: a permanent error; recorded beside the results.
 */
export type CommonResult =
  | { readonly outcome: 'duplicate'; readonly document: string }
  | { readonly outcome: 'superseded' }
  | { readonly outcome: 'gone'; readonly removed: number }
  | { readonly outcome: 'ignored'; readonly rule: IgnoreRule }
  | {
      readonly outcome: 'invalid' | 'failed';
      readonly code: ErrorCode;
      readonly reason: string;
      readonly document: string;
    };

/** `processed`: the result document is written. */
export type RecognitionResult =
  | CommonResult
  | {
      readonly outcome: 'processed';
      readonly faces: number;
      /** Faces that were compared with known people: how many were recognized, and how many were not. */
      readonly known: number;
      readonly unknown: number;
      readonly document: string;
    };

/**
 * - `enrolled`: the face is in the gallery, and the record is written.
 * - `refused`: the photo is not a good example of the person, by `reason`; recorded.
 */
export type EnrolmentResult =
  | CommonResult
  | { readonly outcome: 'enrolled'; readonly person: string; readonly document: string }
  | {
      readonly outcome: 'refused';
      readonly person: string;
      readonly reason: RefusalReason;
      readonly document: string;
    };

export type Result = RecognitionResult | EnrolmentResult;

/** The result of one event. Every outcome acknowledges the event; an event that must be retried throws instead. */
export type Outcome<R = Result> = R & { readonly durations: Durations };

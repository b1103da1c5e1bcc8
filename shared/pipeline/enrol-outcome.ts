import type { RefusalReason } from '../faces/gallery/gate.ts';
import type { ErrorCode } from '../runtime/errors.ts';
import type { IgnoreRule, Stage } from './outcome.ts';

/**
 * What became of one event of a person's photo. Every one of these acknowledges it, as with `Outcome`.
 * - `enrolled`: the face is in the gallery, and the record is written.
 * - `refused`: the photo is no good example of the person, by `reason`; recorded.
 * - `gone`: the photo does not exist any more; after an `ObjectRemoved` event its face went too.
 */
export type EnrolmentOutcome = {
  /** Milliseconds each stage took that was reached. */
  readonly durations: Partial<Record<Stage, number>>;
} & (
  | { readonly outcome: 'enrolled'; readonly person: string; readonly document: string }
  | {
      readonly outcome: 'refused';
      readonly person: string;
      readonly reason: RefusalReason;
      readonly document: string;
    }
  | { readonly outcome: 'duplicate'; readonly document: string }
  | { readonly outcome: 'superseded' }
  | { readonly outcome: 'gone'; readonly removed: number }
  | { readonly outcome: 'ignored'; readonly rule: IgnoreRule | 'no-person' }
  | {
      readonly outcome: 'invalid' | 'failed';
      readonly code: ErrorCode;
      readonly reason: string;
      readonly document: string;
    }
);

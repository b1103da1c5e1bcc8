import type { ErrorCode } from '../runtime/errors.ts';

/** The stages of one image, in order. */
export const STAGES = ['admit', 'fetch', 'prepare', 'analyze', 'identify', 'render', 'publish'] as const;
export type Stage = (typeof STAGES)[number];

/** Why an event was not for us. */
export type IgnoreRule =
  | 'event-type'
  | 'own-result'
  | 'outside-prefix'
  | 'outside-suffix'
  | 'folder'
  | 'removal-off';

interface OutcomeBase {
  /** Milliseconds each stage took that was reached. */
  readonly durations: Partial<Record<Stage, number>>;
}

/**
 * What became of one event. Every one of these acknowledges it; what has to be tried again is thrown instead.
 * - `processed`: the result document is written.
 * - `duplicate`: this very write has its result already.
 * - `superseded`: the object changed after the event; the later event answers for it.
 * - `gone`: the object does not exist any more; after an `ObjectRemoved` event its results went too.
 * - `ignored`: not for us, by `rule`.
 * - `invalid`: no usable image; recorded beside the results.
 * - `failed`: a permanent error; recorded beside the results.
 */
export type Outcome = OutcomeBase &
  (
    | { readonly outcome: 'processed'; readonly faces: number; readonly document: string }
    | { readonly outcome: 'duplicate'; readonly document: string }
    | { readonly outcome: 'superseded' }
    | { readonly outcome: 'gone'; readonly removed: number }
    | { readonly outcome: 'ignored'; readonly rule: IgnoreRule }
    | {
        readonly outcome: 'invalid' | 'failed';
        readonly code: ErrorCode;
        readonly reason: string;
        readonly document: string;
      }
  );

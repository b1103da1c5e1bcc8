import * as z from 'zod/mini';
import { readValue } from './text.ts';

/** Function Compute's timer trigger. It drives the poller and holds no record. */
export interface TimerEvent {
  readonly triggerName: string;
  /** ISO 8601, UTC. */
  readonly triggerTime: string;
  /** The configured text, not parsed. */
  readonly payload?: string;
}

const timerSchema = z.object({
  triggerName: z.string(),
  triggerTime: z.string(),
  payload: z.optional(z.string()),
});

const MAX_TIMER_BYTES = 64 * 1024;

export function isTimerEvent(value: unknown): value is TimerEvent {
  return timerSchema.safeParse(value).success;
}

/** The timer event in the input of a function; `undefined` for any other input. */
export function readTimerEvent(input: Uint8Array | string): TimerEvent | undefined {
  try {
    const value = readValue(input, MAX_TIMER_BYTES);
    return isTimerEvent(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

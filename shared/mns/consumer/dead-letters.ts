/** A message that is given up, with everything a person needs to judge and to send it again. */
export interface DeadLetter {
  readonly queue: string;
  readonly messageId: string;
  /** As received. */
  readonly body: string;
  readonly bodyMD5: string;
  /** Milliseconds since the epoch. */
  readonly enqueueTime: number;
  /** Milliseconds since the epoch. */
  readonly firstDequeueTime: number;
  readonly dequeueCount: number;
  readonly priority: number;
  /** Milliseconds since the epoch. */
  readonly deadTime: number;
  readonly code: string;
  readonly reason: string;
}

/** Where given-up messages go. `put` resolves when the letter is safe, and throws otherwise. */
export interface DeadLetters {
  readonly name: string;
  put(letter: DeadLetter, options: { signal: AbortSignal }): Promise<void>;
}

/** A message as received: it is hidden from others until `nextVisibleTime`. */
export interface ReceivedMessage {
  readonly messageId: string;
  /** Valid until `nextVisibleTime`, and only for this receive. */
  readonly receiptHandle: string;
  readonly body: string;
  /** Upper-case hex MD5 of the body as stored. */
  readonly bodyMD5: string;
  /** Milliseconds since the epoch. */
  readonly enqueueTime: number;
  /** Milliseconds since the epoch. */
  readonly firstDequeueTime: number;
  /** Milliseconds since the epoch, by the clock of the service. */
  readonly nextVisibleTime: number;
  /** How often the message has been received, this time included. */
  readonly dequeueCount: number;
  /** 1 (highest) to 16. */
  readonly priority: number;
}

export interface SendResult {
  readonly messageId: string;
  readonly bodyMD5: string;
}

export interface DeleteFailure {
  readonly receiptHandle: string;
  readonly code: string;
  readonly message: string;
}

export interface QueueAttributes {
  readonly activeMessages: number;
  readonly inactiveMessages: number;
  readonly delayMessages: number;
}

/**
 * One MNS queue. Every adapter passes `test/contracts/message-queue.ts`.
 *
 * Errors are `AppError`: `QueueNotExist`, `MessageNotExist` (an expired or invalid receipt handle), `AccessDenied`,
 * `InvalidRequest`, and the transient ones.
 */
export interface MessageQueue {
  readonly name: string;
  /** At most `max` (1–16) messages; an empty array when none arrived within `waitSeconds` (0–30). */
  receive(options: { max: number; waitSeconds: number; signal?: AbortSignal }): Promise<ReceivedMessage[]>;
  /** Like `receive` without hiding: no receipt handles. */
  peek(max: number): Promise<Omit<ReceivedMessage, 'receiptHandle' | 'nextVisibleTime'>[]>;
  /** Deletes at most 16 messages and returns the failures. */
  delete(receiptHandles: readonly string[]): Promise<DeleteFailure[]>;
  /** Hides the message for `seconds` (1–43,200) from now. The old receipt handle is invalid afterwards. */
  changeVisibility(
    receiptHandle: string,
    seconds: number,
  ): Promise<{ receiptHandle: string; nextVisibleTime: number }>;
  send(body: string, options?: { delaySeconds?: number; priority?: number }): Promise<SendResult>;
  attributes(): Promise<QueueAttributes>;
}

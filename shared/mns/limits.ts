// What MNS accepts. Source: MNS, "Product limits"; the longest retention is the official Go SDK's.

/** Characters of the name of a queue, topic or subscription. */
export const MAX_NAME_LENGTH = 120;

/** Messages in one request that receives, peeks, sends or deletes. */
export const MAX_BATCH = 16;

/** Bytes of a message's body. */
export const MAX_MESSAGE_BYTES = 65_536;

/** Characters of a message tag and of a subscription's filter. */
export const MAX_TAG_LENGTH = 16;

/** Seconds for which a received message is hidden. */
export const MIN_VISIBILITY_SECONDS = 1;
export const MAX_VISIBILITY_SECONDS = 43_200;

/** Seconds before a message can be received for the first time. */
export const MAX_DELAY_SECONDS = 604_800;

/** Seconds that a queue keeps a message. */
export const MIN_RETENTION_SECONDS = 60;
export const MAX_RETENTION_SECONDS = 1_296_000;
export const DEFAULT_RETENTION_SECONDS = 345_600;

/** Seconds of a long poll. */
export const MAX_WAIT_SECONDS = 30;

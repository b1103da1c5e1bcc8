// What OSS accepts at most. Source: OSS, "Limits" and the reference of each operation.

/** Bytes of an object key in UTF-8; at least one. */
export const MAX_KEY_BYTES = 1023;

/** Bytes of all names and values of one object's user metadata together. */
export const MAX_METADATA_BYTES = 8192;

/** Objects in one page of a listing, and in one request that deletes several. */
export const MAX_KEYS_PER_REQUEST = 1000;

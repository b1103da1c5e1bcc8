/** Where the results of one source object are stored in the result bucket. */
export interface ResultKeys {
  readonly document: string;
  readonly annotated: string;
  readonly redacted: string;
  /** Prefix of the crops. */
  readonly crops: string;
  crop(index: number): string;
}

/**
 * The layout of results: one folder per source key, so equal base names in different folders never collide. `{bucket}` in
 * the prefix is replaced by the source bucket, for result buckets that several buckets share.
 */
export function resultKeys(prefix: string, source: { bucket: string; key: string }): ResultKeys {
  const base = `${prefix.replaceAll('{bucket}', source.bucket)}${source.key}/`;
  return {
    document: `${base}faces.json`,
    annotated: `${base}annotated.jpg`,
    redacted: `${base}redacted.jpg`,
    crops: `${base}faces/`,
    crop: (index) => `${base}faces/${index}.jpg`,
  };
}

/** The prefix up to its placeholder, which the results of all buckets share. */
export function fixedPrefix(prefix: string): string {
  return prefix.split('{bucket}')[0]!;
}

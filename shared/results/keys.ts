/** Where the results of one source object lie in the result bucket. */
export interface ResultKeys {
  readonly document: string;
  readonly annotated: string;
  readonly redacted: string;
  /** Prefix of the crops. */
  readonly crops: string;
  crop(index: number): string;
}

/**
 * The layout of results: one folder a source key, so that equal base names in different folders never meet.
 * `{bucket}` in the prefix stands for the source bucket, for result buckets that several buckets share.
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

/** What all results have in common, whichever bucket a picture lies in: the prefix up to a placeholder. */
export function fixedPrefix(prefix: string): string {
  return prefix.split('{bucket}')[0]!;
}

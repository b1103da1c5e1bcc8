/**
 * The keys that an event may mean, most likely first: its key as it came, and the decoded one. No document says whether
 * notifications percent-encode keys.
 */
export function keyForms(key: string): readonly string[] {
  if (!/%[0-9a-f]{2}/i.test(key)) return [key];
  try {
    return [...new Set([key, decodeURIComponent(key)])];
  } catch {
    return [key];
  }
}

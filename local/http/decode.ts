/** Decodes percent-encoded UTF-8; throws what `refuse` makes of malformed text. */
export function percentDecode(text: string, refuse: () => Error): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refuse();
  }
}

/** Parses JSON; throws what `refuse` makes of malformed text. */
export function parseJson(text: string, refuse: (cause: unknown) => Error): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refuse(cause);
  }
}

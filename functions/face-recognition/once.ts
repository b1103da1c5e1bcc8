/** Opens at the first `get`; a failure is not kept, so that the next one tries again. */
export interface Once<T> {
  get(): Promise<T>;
  /** What was opened or is being opened. */
  opened(): Promise<T> | undefined;
}

export function once<T>(open: () => Promise<T>): Once<T> {
  let opening: Promise<T> | undefined;
  return {
    get() {
      opening ??= open().catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return opening;
    },
    opened: () => opening,
  };
}

/** Opens a resource at the first `get`. A failure is not kept: the next `get` tries again. */
export interface Once<T> {
  get(): Promise<T>;
  /** The resource if it was opened or is being opened. */
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

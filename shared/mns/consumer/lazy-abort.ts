/** An abort whose signal is made when somebody asks for it: most handlers of small work never do, and it is dear. */
export interface LazyAbort {
  readonly signal: AbortSignal;
  isAborted(): boolean;
  abort(reason: Error): void;
}

export function createLazyAbort(): LazyAbort {
  let controller: AbortController | undefined;
  let abortedBy: Error | undefined;
  return {
    get signal() {
      if (!controller) {
        controller = new AbortController();
        if (abortedBy) controller.abort(abortedBy);
      }
      return controller.signal;
    },
    isAborted: () => abortedBy !== undefined,
    abort(reason) {
      abortedBy ??= reason;
      controller?.abort(abortedBy);
    },
  };
}

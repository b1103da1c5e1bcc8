/** Resolves at SIGINT or SIGTERM; a second one ends the process at once, for whoever cannot wait. */
export function untilSignalled(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals) => {
      process.once(signal, () => process.exit(1));
      resolve();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
}

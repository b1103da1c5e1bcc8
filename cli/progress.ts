import cliProgress from 'cli-progress';

export interface Progress {
  /** Counts one more item. */
  done(): void;
  stop(): void;
}

/** Shows a progress bar on a terminal, and nothing elsewhere: a table with all results follows. */
export function startProgress(
  total: number,
  what: string,
  stream: NodeJS.WriteStream = process.stderr,
): Progress {
  if (!stream.isTTY || total === 0) return { done() {}, stop() {} };
  const bar = new cliProgress.SingleBar(
    {
      format: `{bar} {value}/{total} ${what}  {duration_formatted}`,
      hideCursor: true,
      clearOnComplete: true,
      stream,
    },
    cliProgress.Presets.shades_classic,
  );
  bar.start(total, 0);
  return { done: () => bar.increment(), stop: () => bar.stop() };
}

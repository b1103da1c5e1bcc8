import cliProgress from 'cli-progress';

export interface Progress {
  /** One more is done. */
  done(): void;
  stop(): void;
}

/** A bar on a terminal; where output is no terminal, nothing, since the table that follows tells all. */
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

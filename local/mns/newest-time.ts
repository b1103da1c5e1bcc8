import type { Ledger } from './store/ledger.ts';

/** The latest time that the state has, in milliseconds since the epoch: an earlier time of day is wrong. 0 for an empty state. */
export function newestTime({ queues, topics, pushes }: Ledger['state']): number {
  let newest = 0;
  const saw = (time = 0) => {
    newest = Math.max(newest, time);
  };
  for (const { lastModifyTime, messages } of queues.values()) {
    saw(lastModifyTime);
    for (const { enqueueTime, visibility } of messages.all()) {
      saw(enqueueTime);
      saw(visibility.firstDequeueTime);
    }
  }
  for (const { lastModifyTime } of topics.values()) saw(lastModifyTime);
  for (const { publishTime } of pushes.values()) saw(publishTime);
  return newest;
}

// The server's side of `Running.memory`: answers with the resident memory in megabytes after garbage collection.
import { setTimeout as sleep } from 'node:timers/promises';

export function reportTo(parent, urls) {
  parent.send(urls);
  // The parent has ended, in whatever way.
  parent.on('disconnect', () => parent.exit());
  parent.on('message', async () => {
    for (let round = 0; round < 4; round++) {
      globalThis.gc();
      await sleep(250);
    }
    parent.send(process.memoryUsage.rss() / 2 ** 20);
  });
}

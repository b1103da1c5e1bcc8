// The other side of `Running.memory`: answers with megabytes of resident memory, once garbage has been collected.
import { setTimeout as sleep } from 'node:timers/promises';

export function reportTo(parent, urls) {
  parent.send(urls);
  // However the parent ended.
  parent.on('disconnect', () => parent.exit());
  parent.on('message', async () => {
    for (let round = 0; round < 4; round++) {
      globalThis.gc();
      await sleep(250);
    }
    parent.send(process.memoryUsage.rss() / 2 ** 20);
  });
}

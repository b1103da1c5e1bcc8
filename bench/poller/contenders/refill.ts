import type { Running, Settings } from '../contender.ts';
import { connect, receive } from './mns.ts';

/** Receives as soon as one handler is free: high throughput, but many requests. */
export function start({ url, concurrency, handle }: Settings): Running {
  const queue = connect(url);
  const running = new Set<Promise<void>>();
  let stopping = false;
  let done: string[] = [];

  const flush = async () => {
    const batch = done;
    done = [];
    if (batch.length > 0) await queue.batchDeleteMessage('bench', batch).catch(() => {});
  };
  const loop = (async () => {
    while (!stopping) {
      const room = concurrency - running.size;
      if (room === 0) {
        await Promise.race(running);
        continue;
      }
      const messages = await receive(queue, Math.min(16, room)).catch(() => []);
      for (const { MessageBody, ReceiptHandle } of messages) {
        const work = handle(MessageBody)
          .then(() => {
            done.push(ReceiptHandle);
            if (done.length >= 16) void flush();
          })
          .catch(() => {})
          .finally(() => running.delete(work));
        running.add(work);
      }
    }
    await Promise.all(running);
    await flush();
  })();
  const timer = setInterval(flush, 1000);
  return {
    async stop() {
      stopping = true;
      await loop;
      clearInterval(timer);
    },
  };
}

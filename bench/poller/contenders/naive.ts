import type { Running, Settings } from '../contender.ts';
import { connect, receive } from './mns.ts';

/** Receive a batch, handle it at once, delete it, again: the loop that everybody writes first. */
export function start({ url, concurrency, handle }: Settings): Running {
  const queue = connect(url);
  let stopping = false;
  const loop = (async () => {
    while (!stopping) {
      try {
        const messages = await receive(queue, Math.min(16, concurrency));
        const done: string[] = [];
        await Promise.all(
          messages.map(async ({ MessageBody, ReceiptHandle }) => {
            await handle(MessageBody).then(
              () => done.push(ReceiptHandle),
              () => {},
            );
          }),
        );
        if (done.length > 0) await queue.batchDeleteMessage('bench', done);
      } catch {
        // The loop that everybody writes first goes on at once.
      }
    }
  })();
  return {
    async stop() {
      stopping = true;
      await loop;
    },
  };
}

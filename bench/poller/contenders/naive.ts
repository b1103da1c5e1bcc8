import type { Running, Settings } from '../contender.ts';
import { connect, receive } from './mns.ts';

/** Receives a batch, handles it in parallel, deletes it, and repeats: the usual first solution. */
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
        // The usual first solution continues at once.
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

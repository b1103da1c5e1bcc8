import type { MessagePort } from 'node:worker_threads';
import type { FaceEngine } from '../../engine.ts';
import type { Face } from '../../face.ts';
import { type FromThread, serializeError, type ToThread } from './messages.ts';

/** Serves an engine to the other side of the port. Closes the port on request, which ends the thread. */
export function serveEngine(port: MessagePort, engine: FaceEngine): void {
  const running = new Map<number, AbortController>();

  const carryOut = async (message: Exclude<ToThread, { call: 'abort' }>): Promise<Face[]> => {
    switch (message.call) {
      case 'warm-up':
        await engine.warmUp();
        return [];
      case 'close':
        await engine.close();
        return [];
      case 'analyze': {
        const controller = new AbortController();
        running.set(message.id, controller);
        try {
          return await engine.analyze(message.image, { ...message.options, signal: controller.signal });
        } finally {
          running.delete(message.id);
        }
      }
    }
  };

  port.on('message', async (message: ToThread) => {
    if (message.call === 'abort') {
      running.get(message.id)?.abort();
      return;
    }
    const { id, call } = message;
    const answer: FromThread = await carryOut(message).then(
      (faces) => ({ id, faces }),
      (error: unknown) => ({ id, failure: serializeError(error) }),
    );
    port.postMessage(answer);
    if (call === 'close') port.close();
  });
}

// A thread of the engine that ends as often as the first byte of a GIF says, in the way that the second says. The
// picture must lie in shared memory, where it outlives the thread.
import { parentPort, workerData } from 'node:worker_threads';
import { createLocalEngine } from '../../../../../shared/faces/engines/local/engine.ts';
import { serveEngine } from '../../../../../shared/faces/engines/local/serve.ts';

const EXIT = 0;

const engine = createLocalEngine(workerData);

serveEngine(parentPort!, {
  ...engine,
  async analyze(image, options) {
    const { data } = image.raster;
    if (image.format === 'gif' && data[0]! > 0) {
      data[0]!--;
      if (data[1] === EXIT) process.exit(7);
      setImmediate(() => {
        throw new Error('out of order');
      });
      await new Promise(() => undefined);
    }
    return engine.analyze(image, options);
  },
});

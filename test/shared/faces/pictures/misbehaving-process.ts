// A picture process whose engine does what the first pixel of a picture says: red is what, green in how many processes. Those are
// counted in the folder that stands in the place of the models.
import { appendFileSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { ProcessOptions } from '../../../../shared/faces/pictures/protocol.ts';
import { servePictures } from '../../../../shared/faces/pictures/serve.ts';

const { engine, watchesItself } = JSON.parse(process.argv.at(-1)!) as ProcessOptions;
const counter = join(engine!.modelsDir!, 'count');
const held: Buffer[] = [];

const ACTS: Readonly<Record<number, () => unknown>> = {
  1: () => process.exit(7),
  2: () => setImmediate(() => Promise.reject(new Error('out of order'))),
  3: burn,
  4: () => {
    for (;;) held.push(Buffer.alloc(16 * 1024 * 1024, 1));
  },
  5: () => undefined,
  6: () => process.kill(process.pid, 'SIGSEGV'),
};

function burn(): never {
  for (;;) Math.sqrt(Math.random());
}

const channel = new Socket({ fd: 3, readable: true, writable: true });
channel.on('close', () => process.kill(process.pid, 'SIGKILL'));
servePictures(channel, {
  watchesItself,
  engine: {
    name: 'misbehaving',
    version: '1',
    async warmUp() {},
    async analyze({ raster: { data } }) {
      const [act = 0, times = 0] = data;
      if (act === 0) return [];
      const before = readFileSync(counter).length;
      if (before >= times) return [];
      appendFileSync(counter, '.');
      ACTS[act]!();
      return new Promise(() => undefined);
    },
    async close() {},
  },
});

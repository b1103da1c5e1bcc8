// The program of a picture process. Its parent talks to it through file descriptor 3.
import { writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import type { RasterEngine } from '../engine.ts';
import { createLocalEngine } from '../engines/local/engine.ts';
import type { ProcessOptions } from './protocol.ts';
import { servePictures } from './serve.ts';

const CHANNEL_FD = 3;

/** Of a process that only decodes and draws. */
const ABSENT: RasterEngine = {
  name: 'none',
  version: 'none',
  async warmUp() {},
  analyze: () => Promise.reject(new Error('this process was started without an engine')),
  async close() {},
};

const { engine, watchesItself } = JSON.parse(process.argv.at(-1)!) as ProcessOptions;
// Signals of a terminal reach every process of the group. Only the parent decides when this one ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
volunteer();

const channel = new Socket({ fd: CHANNEL_FD, readable: true, writable: true });
// The parent has ended. An exit in order would wait for a decoder.
channel.on('close', () => process.kill(process.pid, 'SIGKILL'));
channel.on('end', () => process.kill(process.pid, 'SIGKILL'));
channel.on('error', () => undefined);
servePictures(channel, { engine: engine ? createLocalEngine(engine) : ABSENT, watchesItself });

/** Where the memory of a machine or container is used up, this process is ended and not its parent. Linux only. */
function volunteer(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Another system, or not allowed: the parent then has no such protection.
  }
}

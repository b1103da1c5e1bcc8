import { suitableWorkers } from '../../shared/faces/engines/local/workers.ts';
import { readCapacity } from '../../shared/runtime/capacity.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { createFaceRecognition } from './function.ts';
import type { FaceRecognitionOptions } from './options.ts';
import { startRuntimeServer } from './runtime-server.ts';

/** Function Compute's custom runtime or container: one process, many invocations at once, one pace for all of them. */
export async function serveFunctionCompute(
  { port }: Pick<FaceRecognitionOptions, 'port'>,
  stopSignal: Promise<NodeJS.Signals>,
): Promise<void> {
  const fn = createFaceRecognition({
    env: process.env,
    clock: systemClock,
    random: Math.random,
    engineWorkers: suitableWorkers(readCapacity()),
  });
  const writeLine = (line: string) => void process.stdout.write(`${line}\n`);
  const server = await startRuntimeServer(fn, { port, writeLine });
  writeLine(`listening on ${server.port}`);

  await stopSignal;
  await server.close();
  await fn.preStop({ requestId: 'shutdown', function: { timeout: 0 } });
}

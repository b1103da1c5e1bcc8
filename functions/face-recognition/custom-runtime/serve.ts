import { suitableWorkers } from '../../../shared/faces/pictures/capacity.ts';
import { readCapacity } from '../../../shared/runtime/capacity.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { createFunctionHooks } from '../managed/hooks.ts';
import type { FaceRecognitionOptions } from '../options.ts';
import { startRuntimeServer } from './runtime-server.ts';

/** Serves a custom runtime or container: one process, many invocations in parallel, one pace for all of them. */
export async function serveFunctionCompute(
  { port }: Pick<FaceRecognitionOptions, 'port'>,
  stopSignal: Promise<NodeJS.Signals>,
): Promise<void> {
  const hooks = createFunctionHooks({
    env: process.env,
    clock: systemClock,
    random: Math.random,
    engineWorkers: suitableWorkers(readCapacity(process.env)),
  });
  const writeLine = (line: string) => void process.stdout.write(`${line}\n`);
  const server = await startRuntimeServer(hooks, { port, writeLine });
  writeLine(`listening on ${server.port}`);

  await stopSignal;
  await server.close();
  await hooks.preStop({ requestId: 'shutdown', function: { timeout: 0 } });
}

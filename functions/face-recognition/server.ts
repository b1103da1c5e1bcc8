import { suitableWorkers } from '../../shared/faces/engines/local/workers.ts';
import { readCapacity } from '../../shared/runtime/capacity.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { toMnsossError } from '../../shared/runtime/errors.ts';
import { readFlags } from '../../shared/runtime/flags.ts';
import { readOptions } from '../../shared/runtime/options.ts';
import { createFaceRecognition } from './function.ts';
import { FACE_RECOGNITION_OPTIONS } from './options.ts';
import { startRuntimeServer } from './runtime-server.ts';

/** Function Compute's custom runtime or container: one process, many invocations at once, one pace for all of them. */
async function main(): Promise<void> {
  const { port } = readOptions(
    FACE_RECOGNITION_OPTIONS,
    process.env,
    readFlags(FACE_RECOGNITION_OPTIONS, process.argv.slice(2)),
  );
  const fn = createFaceRecognition({
    env: process.env,
    clock: systemClock,
    random: Math.random,
    engineWorkers: suitableWorkers(readCapacity()),
  });
  const writeLine = (line: string) => void process.stdout.write(`${line}\n`);
  const server = await startRuntimeServer(fn, { port, writeLine });
  writeLine(`listening on ${server.port}`);

  await Promise.race(
    (['SIGTERM', 'SIGINT'] as const).map((name) => new Promise((stop) => process.once(name, stop))),
  );
  await server.close();
  await fn.preStop({ requestId: 'shutdown', function: { timeout: 0 } });
}

main().catch((thrown) => {
  const { code, message } = toMnsossError(thrown);
  process.stderr.write(`${code}: ${message}\n`);
  process.exitCode = 1;
});

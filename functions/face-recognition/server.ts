import { readProgramOptions } from '../../shared/runtime/flags.ts';
import { firstSignal, runProgram } from '../../shared/runtime/program.ts';
import { RECEIVER_OPTIONS, serverMode } from './cloudevents/options.ts';
import { FACE_RECOGNITION_OPTIONS } from './options.ts';
import { WRAPPERS } from './wrappers.ts';

const OPTIONS = { ...FACE_RECOGNITION_OPTIONS, ...RECEIVER_OPTIONS };

/** The long-running function: a container of Knative, or a custom runtime or container of Function Compute. */
async function main(): Promise<void> {
  const stopSignal = firstSignal('SIGTERM', 'SIGINT');
  const options = readProgramOptions(OPTIONS);
  const serve = await WRAPPERS[serverMode(options, process.env)]();
  await serve(options, stopSignal);
}

// Work that cannot be stopped must not keep the process alive; its sender delivers again.
runProgram(main, { exit: true });

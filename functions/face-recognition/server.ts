import { readFlags } from '../../shared/runtime/flags.ts';
import { readOptions } from '../../shared/runtime/options.ts';
import { firstSignal, runProgram } from '../../shared/runtime/program.ts';
import { FACE_RECOGNITION_OPTIONS } from './options.ts';
import { RECEIVER_OPTIONS, serverMode } from './receiver-options.ts';

const OPTIONS = { ...FACE_RECOGNITION_OPTIONS, ...RECEIVER_OPTIONS };

/** The long-running function: a container of Knative, or a custom runtime or container of Function Compute. */
async function main(): Promise<void> {
  const stopSignal = firstSignal('SIGTERM', 'SIGINT');
  const options = readOptions(OPTIONS, process.env, readFlags(OPTIONS, process.argv.slice(2)));
  if (serverMode(options, process.env) === 'function-compute') {
    const { serveFunctionCompute } = await import('./serve-function-compute.ts');
    await serveFunctionCompute(options, stopSignal);
  } else {
    const { serveCloudEvents } = await import('./serve-cloud-events.ts');
    await serveCloudEvents(options, stopSignal);
  }
}

// What could not be aborted must not keep the process. Its sender delivers it again.
runProgram(main, { exit: true });

import { toAppError } from '../../shared/runtime/errors.ts';
import { readFlags } from '../../shared/runtime/flags.ts';
import { readOptions } from '../../shared/runtime/options.ts';
import { firstSignal } from '../../shared/runtime/shutdown.ts';
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

main().then(
  // Work that could not be stopped must not keep the process; whoever waits for it delivers again.
  () => process.exit(),
  (thrown) => {
    const { code, message } = toAppError(thrown);
    process.stderr.write(`${code}: ${message}\n`);
    process.exitCode = 1;
  },
);

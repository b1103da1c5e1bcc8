import { toAppError } from '../../shared/runtime/errors.ts';
import { readFlags } from '../../shared/runtime/flags.ts';
import { readOptions } from '../../shared/runtime/options.ts';
import { firstSignal } from '../../shared/runtime/shutdown.ts';
import { RECEIVER_OPTIONS, serverMode } from './cloudevents/options.ts';
import { FACE_RECOGNITION_OPTIONS } from './options.ts';
import { WRAPPERS } from './wrappers.ts';

const OPTIONS = { ...FACE_RECOGNITION_OPTIONS, ...RECEIVER_OPTIONS };

/** The long-running function: a container of Knative, or a custom runtime or container of Function Compute. */
async function main(): Promise<void> {
  const stopSignal = firstSignal('SIGTERM', 'SIGINT');
  const options = readOptions(OPTIONS, process.env, readFlags(OPTIONS, process.argv.slice(2)));
  const serve = await WRAPPERS[serverMode(options, process.env)]();
  await serve(options, stopSignal);
}

main().then(
  // Work that cannot be stopped must not keep the process alive; its sender delivers again.
  () => process.exit(),
  (thrown) => {
    const { code, message } = toAppError(thrown);
    process.stderr.write(`${code}: ${message}\n`);
    process.exitCode = 1;
  },
);

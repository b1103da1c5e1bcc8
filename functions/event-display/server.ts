import { systemClock } from '../../shared/runtime/clock.ts';
import { readProgramOptions } from '../../shared/runtime/flags.ts';
import { startHttpServer } from '../../shared/runtime/http-server.ts';
import { firstSignal, runProgram } from '../../shared/runtime/program.ts';
import { createDisplay } from './display.ts';
import { EVENT_DISPLAY_OPTIONS } from './options.ts';

/** Prints the CloudEvents that it receives. */
async function main(): Promise<void> {
  const stopSignal = firstSignal('SIGTERM', 'SIGINT');
  const options = readProgramOptions(EVENT_DISPLAY_OPTIONS);
  const server = await startHttpServer({
    port: options.port,
    handle: createDisplay({
      showAttributes: options.showAttributes,
      clock: systemClock,
      write: (text) => void process.stdout.write(text),
    }),
    ready: () => true,
    maxBytes: options.maxEventBytes,
    concurrency: 100,
    clock: systemClock,
  });
  // To standard error: standard output contains only events.
  process.stderr.write(`listening on ${server.port}\n`);

  await stopSignal;
  await server.drain(options.shutdownSeconds * 1000);
}

runProgram(main);

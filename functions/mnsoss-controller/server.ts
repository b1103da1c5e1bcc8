import { systemClock } from '../../shared/runtime/clock.ts';
import { readProgramOptions } from '../../shared/runtime/flags.ts';
import { createLogger } from '../../shared/runtime/log.ts';
import { firstSignal, runProgram } from '../../shared/runtime/program.ts';
import { findCluster } from './kubernetes/find-cluster.ts';
import { CONTROLLER_OPTIONS } from './options.ts';
import { startController } from './start.ts';

/** The controller of `MnsOssSource`: in a pod, or anywhere with KUBECONFIG. */
async function main(): Promise<void> {
  const options = readProgramOptions(CONTROLLER_OPTIONS);
  const logger = createLogger({ level: options.logLevel });
  const stopSignal = firstSignal('SIGTERM', 'SIGINT');
  const controller = await startController(options, {
    config: findCluster(),
    clock: systemClock,
    random: Math.random,
    logger,
  });
  logger.info({ port: controller.port }, 'controller has started');

  const signal = await stopSignal;
  logger.info({ signal }, 'controller stops');
  await controller.stop();
  logger.info({}, 'controller has stopped');
}

runProgram(main);

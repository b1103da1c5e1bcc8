import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { type OneProcess, startOneProcess } from '../../local/start/one-process.ts';
import { readPipelineOptions } from '../../shared/pipeline/options.ts';
import { createLogger } from '../../shared/runtime/log.ts';
import { print, printError } from '../../shared/runtime/terminal.ts';
import { describeLeftOut, expandFiles, type LocalFile, samplePhotos } from '../files.ts';
import { dataDirOption, facebodyPortOption, mnsPortOption, ossPortOption } from '../options.ts';
import { processFiles } from '../process-files.ts';
import { startProgress } from '../progress.ts';
import { describeFailures, describeMore, describeStart, formatOutcome, formatResults } from '../report.ts';
import { untilSignalled } from '../signals.ts';

export const startCommand = new Command('start')
  .description('run everything on this machine: a local cloud, the poller and the recognition')
  .argument('[paths...]', 'images or folders to process first (default: six sample photos)')
  .addOption(dataDirOption())
  .option('--once', 'stop when the given images are processed; exit with 1 if one failed')
  .addOption(ossPortOption())
  .addOption(mnsPortOption())
  .addOption(facebodyPortOption())
  .action(async (paths, { dataDir, once, ...ports }) => {
    const { sourcePrefix: prefix } = readPipelineOptions(process.env);
    const { files, leftOut } =
      paths.length > 0 ? await expandFiles(paths, { prefix }) : { files: await samplePhotos(), leftOut: [] };
    printError(...describeLeftOut(leftOut));
    const logFile = join(dataDir, 'log.jsonl');
    // The log goes to a file beside the data: the terminal shows the table.
    const logger = createLogger({ file: logFile });
    const app = await startOneProcess({ dataDir, ...ports, env: process.env, logger });
    try {
      print(...describeStart(app, logFile));
      const failed = await processAndReport(app, files);
      if (once) {
        if (failed) process.exitCode = 1;
        return;
      }
      print(...describeMore(app, dataDir));
      app.outcomes.onOutcome((event, outcome) => print(formatOutcome(event, outcome)));
      await untilSignalled();
    } finally {
      await app.stop();
    }
  });

/** Whether any file failed. */
async function processAndReport(app: OneProcess, files: readonly LocalFile[]): Promise<boolean> {
  const progress = startProgress(files.length, 'images');
  const results = await processFiles(app, files, () => progress.done()).finally(() => progress.stop());
  print(...formatResults(results, app.bucket.bucket));
  const failures = results.filter(({ reason }) => reason !== undefined);
  printError(...describeFailures(failures));
  return failures.length > 0;
}

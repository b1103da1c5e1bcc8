// Runs a function with an event as Function Compute would: `npm run invoke -- face-recognition events/oss-put-object.json`.

import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { reportFailure } from '../cli/failure.ts';
import { dataDirOption } from '../cli/options.ts';
import { untilSignalled } from '../cli/signals.ts';
import { openEnvelope } from '../shared/envelope/open-envelope.ts';
import { AppError } from '../shared/runtime/errors.ts';
import { createLogger } from '../shared/runtime/log.ts';
import { print } from '../shared/runtime/terminal.ts';
import { openCloud } from './invoke/cloud.ts';
import { describeServer, report } from './invoke/report.ts';
import { openSession } from './invoke/session.ts';
import { FC_NODE_VERSION, findNode } from './node-binaries.ts';

const whole = (from: number, to: number) => (value: string) => {
  const number = Number(value);
  if (Number.isInteger(number) && number >= from && number <= to) return number;
  throw new InvalidArgumentError(`expected a whole number from ${from} to ${to}`);
};

const variable = (value: string, others: Readonly<Record<string, string>>) => {
  const [, name, content] = /^([A-Za-z_]\w*)=(.*)$/s.exec(value) ?? [];
  if (name === undefined || content === undefined) throw new InvalidArgumentError('expected NAME=value');
  return { ...others, [name]: content };
};

const command = new Command('invoke')
  .description('run a function with an event, or serve the API of Function Compute')
  .argument('[function]', 'face-recognition or mns-poller')
  .argument('[event]', 'a file, or - for standard input')
  .option('-f, --function <name>', 'the function, instead of the first argument')
  .option('-e, --event <text>', 'the event itself')
  .option('-t, --template <file>', 'the Serverless Devs template that describes the functions', 's.yaml')
  .option('--env <NAME=value>', 'a variable of the function; can be repeated', variable, {})
  .option('--timeout <seconds>', 'stop the function after this time', whole(1, 86_400))
  .option('--memory <MB>', 'fail if the function needs more memory', whole(128, 32_768))
  .option(
    '--node <path>',
    "the Node that runs it (default: Function Compute's, if test:bundle has installed it)",
  )
  .option('--no-build', 'use the bundles of the last run')
  .option('--server', 'serve the API until stopped')
  .option('--port <port>', 'port of the API', whole(0, 65_535), 0)
  .addOption(dataDirOption())
  .action(async (first, second, options) => {
    const functionName = options.function ?? first ?? 'face-recognition';
    const file = options.function === undefined ? second : first;
    const event = options.server ? Buffer.alloc(0) : await readEvent(options.event, file);
    const node = options.node ?? (await findNode(FC_NODE_VERSION));
    const region = openEnvelope(event).events[0]?.region ?? 'cn-hangzhou';
    const cloud = await openCloud(options.dataDir, region);
    const session = await openSession({
      functionName,
      template: options.template,
      cloud,
      outdir: 'dist/invoke',
      env: options.env,
      port: options.port,
      skipBuild: !options.build,
      onUpload: options.server === true,
      logger: createLogger({ level: 'warn', write: (line) => void process.stderr.write(line) }),
      timeoutSeconds: options.timeout,
      memoryMb: options.memory,
      node,
    });
    try {
      if (options.server) {
        print(...describeServer(functionName, session, cloud));
        await untilSignalled();
      } else {
        report(await session.invoke(event), { cloud, node });
      }
    } finally {
      await session.close();
      await cloud.close();
    }
  });

async function readEvent(given: string | undefined, file: string | undefined): Promise<Buffer> {
  if (given !== undefined) return Buffer.from(given);
  if (file !== undefined && file !== '-') {
    return readFile(file).catch((cause: unknown) => {
      throw new AppError('ConfigInvalid', `the event ${file} cannot be read`, { cause });
    });
  }
  if (file === undefined && process.stdin.isTTY) {
    throw new AppError('ConfigInvalid', 'pass an event: a file, -e <text>, or standard input');
  }
  return Buffer.from(await text(process.stdin));
}

await command.parseAsync().catch(reportFailure);

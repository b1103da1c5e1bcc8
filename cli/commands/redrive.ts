import { Command, Option } from '@commander-js/extra-typings';
import { print } from '../../shared/runtime/terminal.ts';
import { dataDirOption, remoteOption } from '../options.ts';
import { startProgress } from '../progress.ts';
import { type CloudOptions, type CloudTarget, withCloud } from '../redrive/cloud-target.ts';
import { type Mailbox, openMailbox } from '../redrive/mailbox.ts';
import { type RedriveReport, redrive } from '../redrive/redrive.ts';
import { openTarget } from '../redrive/target.ts';
import { formatTable } from '../table.ts';

const endpointOption = () => remoteOption('<endpoint>', 'the MNS endpoint').env('MNS_ENDPOINT');

const listCommand = new Command('list')
  .description('show dead letters and their reasons')
  .argument('<from>', 'mns:<queue> or oss://<bucket>/<prefix>')
  .addOption(dataDirOption())
  .addOption(endpointOption())
  .action((from, options) =>
    inMailbox(from, options, async (mailbox) => {
      const { letters, total } = await mailbox.look();
      const rows = letters.map(({ id, reason, origin }) => [
        id,
        origin === undefined ? '–' : origin.kind === 'queue' ? `mns:${origin.queue}` : origin.arn,
        reason,
      ]);
      const columns = ['id', 'from', 'reason'].map((title) => ({ title }));
      print(...(total === 0 ? ['there are no dead letters'] : formatTable(columns, rows)));
      if (total > letters.length) print(`… and ${total - letters.length} more`);
    }),
  );

const sendCommand = new Command('send')
  .description('send dead letters again and remove those that are accepted')
  .argument('<from>', 'mns:<queue> or oss://<bucket>/<prefix>')
  .argument('[ids...]', 'ids of letters (default: all)')
  .option('--to <target>', 'mns:<queue>, fc:<function> or a URL (default: the origin of each letter)')
  .addOption(dataDirOption())
  .addOption(endpointOption())
  .addOption(new Option('--account <id>', 'owner of the function').env('FC_ACCOUNT_ID'))
  .addOption(new Option('--function-endpoint <url>', 'where functions answer').env('FC_ENDPOINT'))
  .action((from, ids, options) =>
    inMailbox(from, options, async (mailbox, cloud) => {
      const { to, account, functionEndpoint } = options;
      const target = openTarget({ to, accountId: account, functionEndpoint }, cloud);
      const { total } = await mailbox.look();
      const progress = startProgress(ids.length || total, 'letters');
      try {
        report(await redrive(mailbox, target, { ids, onLetter: () => progress.done() }), target.name);
      } finally {
        progress.stop();
        await target.close();
      }
    }),
  );

export const redriveCommand = new Command('redrive')
  .description('dead letters: of the poller, and of asynchronous invocations that failed')
  .addCommand(listCommand)
  .addCommand(sendCommand);

function inMailbox(
  from: string,
  options: CloudOptions,
  work: (mailbox: Mailbox, cloud: CloudTarget) => Promise<void>,
): Promise<void> {
  return withCloud(options, (cloud) => work(openMailbox(from, cloud), cloud));
}

function report({ sent, kept }: RedriveReport, target: string): void {
  print(`${sent.length} sent to ${target}, ${kept.length} kept`);
  for (const { id, reason } of kept) print(`kept ${id}: ${reason}`);
  if (kept.length > 0) process.exitCode = 1;
}

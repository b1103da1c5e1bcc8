import { Command } from '@commander-js/extra-typings';
import type { MnsClient } from '../../shared/mns/client.ts';
import { assertKeyPrefix } from '../../shared/oss/key-prefix.ts';
import { isAppError } from '../../shared/runtime/errors.ts';
import { print, type Words } from '../../shared/runtime/terminal.ts';
import { createEventRulesClient, type EventRulesClient, type RuleData } from '../event-rules.ts';
import { bucketOption, dataDirOption } from '../options.ts';
import { bucketOf, connectionTo, withRunningCloud } from '../running-cloud.ts';
import { formatTable } from '../table.ts';

const listCommand = new Command('list')
  .description('show the event rules')
  .addOption(dataDirOption())
  .action(async ({ dataDir }) => {
    await withRules(dataDir, async (rules) => print(...describeRules(await rules.list())));
  });

const createCommand = new Command('create')
  .description('send events of a bucket to queues, HTTP endpoints or a topic')
  .argument('<name>', 'letters, digits and hyphens; the first is a letter')
  .addOption(dataDirOption())
  .addOption(bucketOption())
  .option('--event <types...>', 'which events, e.g. ObjectCreated:PutObject', ['ObjectCreated:*'])
  .option('--prefix <prefix>', 'only keys with this prefix', '')
  .option('--suffix <suffix>', 'only keys with this suffix', '')
  .option('--queue <names...>', 'queues to send to; created if they do not exist')
  .option('--http <urls...>', 'HTTP endpoints to push to')
  .option('--topic <name>', 'a topic of your own, as the only target; created if it does not exist')
  .option('--direct', 'directly to the one queue, without a topic')
  .action(async (name, { dataDir, bucket, event, prefix, suffix, queue = [], http = [], topic, direct }) => {
    assertKeyPrefix('--prefix', prefix);
    const connection = await connectionTo(dataDir);
    const rule: RuleData = {
      RuleName: name,
      EventTypes: event,
      MatchRules: [
        [{ MatchState: true, Prefix: `${bucketOf(connection, bucket)}/${prefix}`, Suffix: suffix }],
      ],
      Endpoints: [
        ...queue.map((value) => ({ EndpointType: 'queue' as const, EndpointValue: value })),
        ...http.map((value) => ({ EndpointType: 'http' as const, EndpointValue: value })),
        ...(topic === undefined ? [] : [{ EndpointType: 'topic' as const, EndpointValue: topic }]),
      ],
      DeliveryMode: direct ? 'DIRECT' : 'BROADCAST',
    };
    await withRunningCloud(dataDir, ({ mns }) => ensureTargets(mns, queue, topic));
    await withRules(dataDir, (rules) => rules.create(rule));
    print(`created ${name}`);
  });

const deleteCommand = new Command('delete')
  .description('remove an event rule; its topic stays')
  .argument('<name>')
  .addOption(dataDirOption())
  .action(async (name, { dataDir }) => {
    await withRules(dataDir, (rules) => rules.delete(name));
    print(`deleted ${name}`);
  });

export const rulesCommand = new Command('rules')
  .description('show, create and delete event rules of the running local cloud')
  .addCommand(listCommand)
  .addCommand(createCommand)
  .addCommand(deleteCommand);

async function withRules(dataDir: string, work: (rules: EventRulesClient) => Promise<void>): Promise<void> {
  const rules = createEventRulesClient(await connectionTo(dataDir));
  try {
    await work(rules);
  } finally {
    rules.close();
  }
}

async function ensureTargets(
  mns: MnsClient,
  queues: readonly string[],
  topic: string | undefined,
): Promise<void> {
  const creations = queues.map((name) => () => mns.createQueue(name));
  if (topic !== undefined) creations.push(() => mns.createTopic(topic));
  for (const create of creations) {
    await create().catch((error: unknown) => {
      // It exists, with other settings.
      if (!isAppError(error, 'ResourceConflict')) throw error;
    });
  }
}

function describeRules(rules: readonly RuleData[]): readonly Words[] {
  if (rules.length === 0) return ['there are no event rules'];
  return formatTable(
    [{ title: 'rule' }, { title: 'events' }, { title: 'objects' }, { title: 'to' }],
    rules.map(({ RuleName, EventTypes, MatchRules, Endpoints, DeliveryMode }) => [
      RuleName,
      EventTypes.join(' '),
      MatchRules.flat()
        .map(({ Name, Prefix = '', Suffix = '' }) => Name ?? `${Prefix}*${Suffix}`)
        .join(' '),
      `${Endpoints.map(({ EndpointValue }) => EndpointValue).join(' ')}${DeliveryMode === 'DIRECT' ? ' (direct)' : ''}`,
    ]),
  );
}

import { InvalidArgumentError } from '@commander-js/extra-typings';
import pLimit from 'p-limit';
import type { OssObjectEvent } from '../../shared/envelope/event.ts';
import type { ObjectStore } from '../../shared/oss/object-store.ts';
import { readText } from '../../shared/oss/read-text.ts';
import { findBackfill } from '../../shared/pipeline/backfill.ts';
import { composeFaceRecognition, type FaceRecognition } from '../../shared/pipeline/compose/recognition.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { AppError } from '../../shared/runtime/errors.ts';
import { silentLogger } from '../../shared/runtime/log.ts';
import { print, printError } from '../../shared/runtime/terminal.ts';
import { type PeopleOptions, withPeopleTarget } from '../people/people-target.ts';
import { subcommand } from '../people/subcommand.ts';
import { withCloud } from '../redrive/cloud-target.ts';
import { openTarget } from '../redrive/target.ts';

/** Records in one message: far below the 64 KB of a message. */
const RECORDS_PER_MESSAGE = 10;
/** Objects after which the cursor is written. */
const BATCH = 200;
const PARALLEL_MESSAGES = 16;

export const backfillCommand = subcommand(
  'backfill',
  'process the objects of a bucket that have no result; resumes where an interrupted run stopped',
)
  .argument('[prefix]', 'only objects below this prefix (default: the watched prefix)')
  .option('--engine-older', 'also objects whose result another version of the engine made; only without --to')
  .option('--to <target>', 'mns:<queue>, fc:<function> or a URL (default: process them here)')
  .option('--account <id>', 'owner of the function', process.env.FC_ACCOUNT_ID)
  .option('--function-endpoint <url>', 'where functions answer', process.env.FC_ENDPOINT)
  .option('--rate <objects>', 'objects per second at most', positive)
  .option('--restart', 'begin at the first object again')
  .option('--dry-run', 'only count')
  .action((prefix, options) => backfill(prefix, options));

interface BackfillOptions extends PeopleOptions {
  readonly engineOlder?: true;
  readonly to?: string;
  readonly account?: string;
  readonly functionEndpoint?: string;
  readonly rate?: number;
  readonly restart?: true;
  readonly dryRun?: true;
}

async function backfill(prefix: string | undefined, options: BackfillOptions): Promise<void> {
  const { engineOlder, to, rate, restart, dryRun } = options;
  if (engineOlder && to !== undefined) {
    throw new AppError(
      'ConfigInvalid',
      '--engine-older works here only: an event cannot ask for a second look',
    );
  }
  await withPeopleTarget(options, async ({ bucket, region, ...target }) => {
    const deps = { ...target, clock: systemClock, random: Math.random, logger: silentLogger };
    const recognition = composeFaceRecognition(deps);
    const { pipeline, people } = recognition.options;
    const source = target.openBucket(bucket, region);
    const results = target.openBucket(pipeline.resultBucket ?? bucket, region);
    const below = prefix ?? pipeline.sourcePrefix;
    const cursor = createCursor(results, `${people.indexPrefix}backfill.json`, below);
    const found = findBackfill({
      source,
      results,
      region,
      options: pipeline,
      prefix: below,
      after: restart || dryRun ? undefined : await cursor.read(),
      engineVersion: engineOlder ? await engineVersion(recognition) : undefined,
    });
    const counts = { 'no-result': 0, 'older-engine': 0, failed: 0 };
    const started = performance.now();
    let sent = 0;
    try {
      const send = dryRun ? undefined : to === undefined ? sendHere(recognition) : sendTo(to, options);
      let batch: OssObjectEvent[] = [];
      const flush = async () => {
        if (send) counts.failed += await send(batch);
        sent += batch.length;
        const last = batch.at(-1);
        batch = [];
        if (!send || !last) return;
        await cursor.write(last.key);
        printError(`${sent} objects, up to ${last.key}`);
        const dueMs = rate === undefined ? 0 : (sent / rate) * 1000 - (performance.now() - started);
        await systemClock.sleep(Math.max(0, dueMs));
      };
      for await (const { event, reason } of found) {
        counts[reason]++;
        batch.push(event);
        if (batch.length >= Math.min(BATCH, rate ?? BATCH)) await flush();
      }
      await flush();
      if (send && counts.failed === 0) await cursor.clear();
    } finally {
      await recognition.close();
    }
    print(
      `${counts['no-result']} without a result, ${counts['older-engine']} by another version of the engine` +
        (dryRun ? '' : `, ${counts.failed} failed`),
    );
    if (dryRun) printCost(counts['no-result'] + counts['older-engine'], pipeline.engine);
    if (counts.failed > 0) process.exitCode = 1;
  });
}

type Send = (events: readonly OssObjectEvent[]) => Promise<number>;

/** Resolves to the number of events that failed. */
function sendHere(recognition: FaceRecognition): Send {
  const limit = pLimit(2);
  return async (events) => {
    const process = await recognition.pipeline();
    let failed = 0;
    await limit.map(events, async (event) => {
      try {
        await process(event, { again: true });
      } catch (thrown) {
        failed++;
        printError(`failed ${event.key}: ${(thrown as Error).message}`);
      }
    });
    return failed;
  };
}

function sendTo(to: string, { dataDir, remote, account, functionEndpoint }: BackfillOptions): Send {
  const limit = pLimit(PARALLEL_MESSAGES);
  const cloud = { dataDir, remote: remote === undefined ? undefined : process.env.MNS_ENDPOINT };
  return async (events) => {
    let failed = 0;
    await withCloud(cloud, async (opened) => {
      const target = openTarget({ to, accountId: account, functionEndpoint }, opened);
      const messages: OssObjectEvent[][] = [];
      for (let i = 0; i < events.length; i += RECORDS_PER_MESSAGE) {
        messages.push(events.slice(i, i + RECORDS_PER_MESSAGE));
      }
      await limit.map(messages, async (message) => {
        const body = JSON.stringify({ events: message.map(({ record }) => record) });
        const reason = await target.send({ id: message[0]!.id, reason: '', body });
        if (reason === undefined) return;
        failed += message.length;
        printError(`not accepted: ${reason}`);
      });
      await target.close();
    });
    return failed;
  };
}

/** Where an interrupted run goes on: an object beside the index. */
function createCursor(store: ObjectStore, key: string, prefix: string) {
  return {
    async read(): Promise<string | undefined> {
      const found = await readText(store, key);
      const cursor = found ? (JSON.parse(found.text) as { prefix: string; after: string }) : undefined;
      return cursor?.prefix === prefix ? cursor.after : undefined;
    },
    async write(after: string): Promise<void> {
      await store.put(key, Buffer.from(JSON.stringify({ prefix, after })), {
        contentType: 'application/json',
      });
    },
    clear: () => store.delete(key),
  };
}

async function engineVersion(recognition: FaceRecognition): Promise<string> {
  return (await recognition.engine()).version;
}

/** FaceBody is paid per call; the calls of a picture are those of the documentation. */
function printCost(objects: number, engine: string): void {
  print(
    engine === 'facebody'
      ? `${objects} calls of RecognizeFace, and one of SearchFace per face`
      : `the local engine costs nothing but time: at one picture per second, ${Math.ceil(objects / 60)} minutes`,
  );
}

function positive(text: string): number {
  const number = Number(text);
  if (number > 0) return number;
  throw new InvalidArgumentError('expected a number above 0');
}

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../shared/runtime/clock.ts';
import { seededRandom } from '../../shared/runtime/random.ts';
import { succeed } from '../cli/running-cloud.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startLife } from './local-cloud-kill/life.ts';
import { createMessageLoad, drain } from './local-cloud-kill/messages.ts';
import { createObjectLoad } from './local-cloud-kill/objects.ts';

/** Five in the ordinary run; `npm run test:kill` asks for fifty. */
const KILLS = Number(process.env.KILLS ?? 5);
const SEED = 20_260_102;
const WRITERS = 4;
const WRITES_PER_LIFE = 6;
const EVENTS = ['PutObject', 'CompleteMultipartUpload'].map((name) => `ObjectCreated:${name}`);

test(`the local cloud keeps every acknowledged write through ${KILLS} kills under load`, {
  timeout: 60_000 + KILLS * 6_000,
}, async () => {
  const random = seededRandom(SEED);
  const dataDir = join(await tempDir(), 'data');
  const objects = createObjectLoad('things', random);
  const messages = createMessageLoad('jobs', random);
  let life = await startLife(dataDir);
  await life.oss.createBucket('things');
  await life.mns.createQueue('jobs', { visibilityTimeout: 5 });
  const rule = ['uploads', '--bucket', 'things', '--queue', 'events', '--event', ...EVENTS];
  await succeed('rules', 'create', ...rule, '--data-dir', dataDir);
  const objectFaults: string[] = [];

  for (let kill = 0; kill < KILLS; kill++) {
    const present = life;
    let ended = false;
    const working = Promise.all([
      ...Array.from({ length: WRITERS }, (_, writer) => objects.write(present, writer)),
      messages.send(present),
      messages.send(present),
      messages.receive(present),
    ]);
    // At any moment, but not before there was something to lose, however slow the machine is.
    const enough = (kill + 1) * WRITES_PER_LIFE;
    const killable = async () => {
      do await systemClock.sleep(100 + random() * 700);
      while (!ended && (objects.acknowledged.size < enough || messages.sent.size < enough));
    };
    await Promise.race([working, killable()]);
    ended = true;
    await present.kill();
    await working;
    life = await startLife(dataDir);
    objectFaults.push(...(await objects.faults(life)));
  }
  const messageFaults = await messages.faults(life);
  const events = await drain(life.mns.queue('events'));
  await life.kill();

  const requestIds = events.map(({ body }) => requestIdOf(body));
  expect(objectFaults).toEqual([]);
  expect(messageFaults).toEqual([]);
  expect(requestIds.length - new Set(requestIds).size).toBe(0);
  expect([...objects.acknowledged].filter((id) => !requestIds.includes(id))).toEqual([]);
  // A load that did nothing would pass all of the above.
  expect(objects.acknowledged.size).toBeGreaterThan(KILLS * 5);
  expect(messages.sent.size).toBeGreaterThan(KILLS * 5);
});

function requestIdOf(body: string): string {
  const { events } = JSON.parse(Buffer.from(body, 'base64').toString('utf8'));
  return events[0].responseElements.requestId;
}

import http from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readDeployment } from '../../../cli/deploy/deployment.ts';
import { pollerPolicy } from '../../../cli/deploy/policy.ts';
import { readPollerOptions } from '../../../functions/mns-poller/options.ts';
import { createPoller } from '../../../functions/mns-poller/poller.ts';
import { DEFAULT_ACCOUNT, type LocalCloud, startLocalCloud } from '../../../local/cloud.ts';
import { operationOf } from '../../../local/mns/listener.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { staticCredentials } from '../../../shared/runtime/credentials.ts';
import { silentLogger } from '../../../shared/runtime/log.ts';
import { mnsClientOf } from '../../support/cloud-clients.ts';
import { listenOnLoopback } from '../../support/loopback.ts';
import { ossRecord } from '../../support/oss-record.ts';
import { startSinkServer } from '../../support/sink-server.ts';

const TEMPLATE = new URL('../../../s.yaml', import.meta.url).pathname;

/** Forwards requests to MNS and records the operation and the queue of each. */
async function startRecorder(target: string) {
  const used = new Set<string>();
  const server = http.createServer((request, response) => {
    used.add(`${operationOf(request)} ${request.url!.split('/')[2]}`);
    const { method, url, headers } = request;
    const passed = http.request(target + url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    // The client has aborted a long poll.
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  });
  return { used, ...(await listenOnLoopback(server)) };
}

let cloud: LocalCloud;

beforeEach(async () => {
  cloud = await startLocalCloud({ region: 'cn-shanghai' });
  for (const queue of ['face-events', 'face-dead-letters']) await cloud.mns.ensureQueue(queue);
});

afterEach(() => cloud.close());

test('the policy of mns-poller allows exactly the operations of MNS that the poller uses', async () => {
  const [, fn] = await readDeployment(TEMPLATE, {
    env: { PATH: process.env.PATH, OSS_BUCKET: 'photos', TRIGGER: 'poller' },
    accountId: DEFAULT_ACCOUNT.accountId,
  });
  const recorder = await startRecorder(cloud.mns.url);
  const sink = await startSinkServer((response, { body }) => {
    response.writeHead(body.includes('later') ? 503 : 202).end();
  });
  const client = mnsClientOf(cloud);
  const send = (body: string) => client.queue('face-events').send(body);
  for (const key of ['incoming/a.jpg', 'incoming/b.jpg', 'incoming/later.jpg'])
    await send(JSON.stringify({ events: [ossRecord({ key })] }));
  await send('no event');
  const { SINK_FUNCTION: _, ...variables } = fn!.props.environmentVariables!;
  const options = readPollerOptions({ ...variables, MNS_ENDPOINT: recorder.url, K_SINK: sink.url });

  const poller = await createPoller(options, {
    credentials: staticCredentials(cloud.credentials),
    clock: systemClock,
    random: () => 0,
    logger: silentLogger,
  });
  const report = await poller.consumer.drain({ budgetMs: 20_000 });
  await poller.close();

  expect(report).toMatchObject({ deleted: 3, deadLettered: 1 });
  expect(report.retried).toBeGreaterThan(0);
  const [queue, letters] = pollerPolicy(fn!.props).Statement;
  const allowed = [
    ...queue!.Action.map((action) => `${action.slice('mns:'.length)} face-events`),
    ...letters!.Action.map((action) => `${action.slice('mns:'.length)} face-dead-letters`),
  ];
  expect([...recorder.used].filter((used) => !allowed.includes(used))).toEqual([]);
  // The service's tables name batches after the single operation, its pages do not, so both are allowed.
  const needless = allowed.filter((action) => !recorder.used.has(action) && !action.includes('Batch'));
  expect(needless.filter((action) => action !== 'DeleteMessage face-events')).toEqual([]);
  client.close();
  await Promise.all([recorder.close(), sink.close()]);
});

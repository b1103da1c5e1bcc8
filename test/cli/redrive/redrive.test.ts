import { describe, expect, onTestFinished, test } from 'vitest';
import { createDeadLetterStore, describeLetter } from '../../../functions/mns-poller/dead-letters.ts';
import { mnsClientOf, ossClientOf } from '../../support/cloud-clients.ts';
import { ossRecord } from '../../support/oss-record.ts';
import { runProgram } from '../../support/program.ts';
import { startSinkServer } from '../../support/sink-server.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { startCloud, succeed } from '../running-cloud.ts';

const notification = (key: string) => JSON.stringify({ events: [ossRecord({ key })] });

const letterOf = (messageId: string, body: string) => ({
  queue: 'face-events',
  messageId,
  body,
  bodyMD5: '',
  enqueueTime: 0,
  firstDequeueTime: 0,
  dequeueCount: 10,
  priority: 8,
  deadTime: 0,
  code: 'DequeueLimit',
  reason: 'delivered ten times',
});

const failedInvocation = (requestId: string, payload: string) => ({
  timestamp: 0,
  requestContext: {
    requestId,
    functionArn: 'acs:fc:cn-hangzhou:1000000000000001:functions/face-recognition',
    condition: 'FunctionError',
    approximateInvokeCount: 4,
  },
  requestPayload: payload,
  responseContext: { statusCode: 200, functionError: 'UnhandledInvocationError' },
  responsePayload: '',
});

/** A local cloud in a process of its own, with a queue of dead letters beside the queue they come from. */
async function stage(...letters: readonly (object | string)[]) {
  const dataDir = await tempDir();
  const { connection } = await startCloud(dataDir);
  const mns = mnsClientOf(connection);
  const oss = ossClientOf(connection);
  onTestFinished(() => {
    mns.close();
    oss.close();
  });
  await mns.createQueue('face-events');
  await mns.createQueue('face-dead-letters');
  const [events, dead] = [mns.queue('face-events'), mns.queue('face-dead-letters')];
  for (const letter of letters) await dead.send(typeof letter === 'string' ? letter : JSON.stringify(letter));
  const bodies = async () => (await events.peek(16)).map(({ body }) => body).sort();
  return { dataDir, events, dead, oss, bodies };
}

const DEAD = 'mns:face-dead-letters';

describe('redrive', () => {
  test('redrive list shows dead letters with their reasons and leaves them in the queue', async () => {
    const { dataDir, dead } = await stage(
      describeLetter(letterOf('m-1', notification('incoming/a.jpg'))),
      failedInvocation('r-1', notification('incoming/b.jpg')),
    );

    const output = await succeed('redrive', 'list', DEAD, '--data-dir', dataDir);

    expect(output).toMatch(/^m-1 +mns:face-events +DequeueLimit: delivered ten times$/m);
    expect(output).toMatch(/^r-1 +acs:fc:\S+face-recognition +UnhandledInvocationError after 4 tries$/m);
    expect(await dead.attributes()).toMatchObject({ activeMessages: 2, inactiveMessages: 0 });
  });

  test('redrive send returns letters of the poller to their queue unchanged', async () => {
    const bodies = ['incoming/a.jpg', 'incoming/b.jpg'].map(notification);
    const stood = await stage(...bodies.map((body, index) => describeLetter(letterOf(`m-${index}`, body))));

    const output = await succeed('redrive', 'send', DEAD, '--data-dir', stood.dataDir);

    expect(output).toContain('2 sent to where they come from, 0 kept');
    expect(await stood.bodies()).toEqual(bodies);
    expect(await stood.dead.attributes()).toMatchObject({ activeMessages: 0, inactiveMessages: 0 });
  });

  test('redrive send with an id sends only that letter', async () => {
    const stood = await stage(
      describeLetter(letterOf('m-1', 'one')),
      describeLetter(letterOf('m-2', 'two')),
      describeLetter(letterOf('m-3', 'three')),
    );

    await succeed('redrive', 'send', DEAD, 'm-2', '--data-dir', stood.dataDir);

    expect(await stood.bodies()).toEqual(['two']);
    const { activeMessages, inactiveMessages } = await stood.dead.attributes();
    expect(activeMessages + inactiveMessages).toBe(2);
  });

  test('redrive send invokes the function again with the event of a failed invocation', async () => {
    const { dataDir, dead } = await stage(failedInvocation('r-1', notification('incoming/b.jpg')));
    const fc = await startSinkServer((response) => void response.writeHead(202).end());
    onTestFinished(() => fc.close());

    const endpoint = ['--function-endpoint', new URL(fc.url).origin, '--account', '1000000000000001'];
    await succeed('redrive', 'send', DEAD, '--data-dir', dataDir, ...endpoint);

    const [request] = fc.requests;
    expect(request!.path).toBe('/2023-03-30/functions/face-recognition/invocations');
    expect(request!.headers['x-fc-invocation-type']).toBe('Async');
    expect(JSON.parse(request!.body.toString())).toMatchObject({
      id: '65A0B1C2D3E4F5A6B7C8D901.0',
      type: 'oss:ObjectCreated:PutObject',
      data: { oss: { object: { key: 'incoming/b.jpg' } } },
    });
    expect(await dead.attributes()).toMatchObject({ activeMessages: 0, inactiveMessages: 0 });
  });

  test('redrive send keeps a letter that the target does not accept, with the reason', async () => {
    const { dataDir, dead } = await stage(
      describeLetter(letterOf('m-1', notification('incoming/a.jpg'))),
      describeLetter(letterOf('m-2', 'no event')),
    );
    const sink = await startSinkServer((response) => void response.writeHead(500).end());
    onTestFinished(() => sink.close());

    const program = runProgram(['redrive', 'send', DEAD, '--data-dir', dataDir, '--to', sink.url]);

    expect(await program.ended()).toBe(1);
    expect(program.output()).toContain('0 sent');
    expect(program.output()).toMatch(/kept m-1: HTTP 500/);
    expect(program.output()).toMatch(/kept m-2: EnvelopeUnknown/);
    const { activeMessages, inactiveMessages } = await dead.attributes();
    expect(activeMessages + inactiveMessages).toBe(2);
  });

  test('redrive send keeps a bare body until --to names a target', async () => {
    const body = notification('incoming/a.jpg');
    const stood = await stage(body);

    const first = runProgram(['redrive', 'send', DEAD, '--data-dir', stood.dataDir]);
    expect(await first.ended()).toBe(1);
    expect(first.output()).toContain('pass --to');
    await expect.poll(async () => (await stood.dead.attributes()).activeMessages, { timeout: 5000 }).toBe(1);
    await succeed('redrive', 'send', DEAD, '--data-dir', stood.dataDir, '--to', 'mns:face-events');

    expect(await stood.bodies()).toEqual([body]);
  });

  test('redrive list and send take letters from a bucket', async () => {
    const stood = await stage();
    await stood.oss.createBucket('letters');
    const store = createDeadLetterStore(stood.oss.bucket('letters'), 'dead/');
    for (const id of ['m-1', 'm-2']) await store.put(letterOf(id, id), { signal: AbortSignal.timeout(5000) });

    const listed = await succeed('redrive', 'list', 'oss://letters/dead/', '--data-dir', stood.dataDir);
    await succeed('redrive', 'send', 'oss://letters/dead/', 'm-1', '--data-dir', stood.dataDir);

    expect(listed).toMatch(/^m-2 +mns:face-events/m);
    expect(await stood.bodies()).toEqual(['m-1']);
    expect(
      await succeed('redrive', 'list', 'oss://letters/dead/', '--data-dir', stood.dataDir),
    ).not.toContain('m-1');
  });

  test('redrive list explains the form of its argument', async () => {
    const { dataDir } = await stage();

    const program = runProgram(['redrive', 'list', 'face-dead-letters', '--data-dir', dataDir]);

    expect(await program.ended()).toBe(1);
    expect(program.output()).toContain('mns:<queue> nor oss://<bucket>/<prefix>');
  });
});

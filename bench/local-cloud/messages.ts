import { DEFAULT_ACCOUNT } from '../../local/cloud.ts';
import { createMnsClient } from '../../shared/mns/client.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { staticCredentials } from '../../shared/runtime/credentials.ts';
import { createSender, type Load, load } from './load.ts';

const CLIENTS = 8;
const REQUESTS_PER_MESSAGE = 3;

/** Each client sends, receives and deletes one message at a time. Every message must come once, and none may be left. */
export async function measureMessages(mnsUrl: string, count: number): Promise<Load> {
  const mns = createMnsClient({
    endpoint: mnsUrl,
    credentials: staticCredentials(DEFAULT_ACCOUNT),
    clock: systemClock,
    timeoutMs: 10_000,
  });
  await mns.createQueue('bench');
  const queue = mns.queue('bench');
  const seen = new Set<string>();
  const done = await load(count, CLIENTS, async (index) => {
    await queue.send(`message ${index}`);
    const [message] = await queue.receive({ max: 1, waitSeconds: 10 });
    if (!message) throw new Error(`no message was received after ${seen.size}`);
    if (seen.has(message.body)) throw new Error(`${message.body} came twice`);
    seen.add(message.body);
    const failures = await queue.delete([message.receiptHandle]);
    if (failures.length > 0) throw new Error(`${message.body}: ${failures[0]!.code}`);
  });
  const { activeMessages, inactiveMessages } = await queue.attributes();
  if (seen.size !== count || activeMessages + inactiveMessages > 0) {
    throw new Error(`${seen.size} of ${count} were received, ${activeMessages + inactiveMessages} are left`);
  }
  await mns.deleteQueue('bench');
  mns.close();
  return done;
}

/** The same number of requests to an empty server, without XML and signatures. */
export async function measureFloor(url: string, count: number): Promise<Load> {
  const { send, close } = createSender(url, CLIENTS);
  const body = Buffer.alloc(150, 'x');
  const done = await load(count, CLIENTS, async () => {
    for (let request = 0; request < REQUESTS_PER_MESSAGE; request++) await send('POST', '/', {}, body);
  });
  close();
  return done;
}

import type { MessageQueue, ReceivedMessage } from '../../../shared/mns/queue.ts';
import type { Random } from '../../../shared/runtime/random.ts';
import type { Life } from './life.ts';

export interface MessageLoad {
  /** Sends until the cloud dies. */
  send(life: Life): Promise<void>;
  /** Receives and deletes until the cloud dies. */
  receive(life: Life): Promise<void>;
  /** What is wrong, once the queue has been emptied. */
  faults(life: Life): Promise<string[]>;
  readonly sent: ReadonlySet<string>;
}

/** Every text is sent once, whatever comes of it: a second message with the same text is the cloud's own doing. */
export function createMessageLoad(queueName: string, random: Random): MessageLoad {
  let texts = 0;
  const sent = new Set<string>();
  const deleted = new Set<string>();
  /** Sent or deleted, and the answer never came. */
  const uncertain = new Set<string>();
  const ids = new Map<string, string>();
  const found: string[] = [];

  async function attempt(life: Life, bodies: readonly string[], work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!life.ending()) throw error;
      for (const body of bodies) uncertain.add(body);
    }
  }

  function note({ body, messageId }: ReceivedMessage): void {
    if (deleted.has(body)) found.push(`${body} came after it was deleted`);
    const known = ids.get(body) ?? messageId;
    if (known !== messageId) found.push(`${body} came as two messages, ${known} and ${messageId}`);
    ids.set(body, known);
  }

  return {
    sent,

    async send(life) {
      const queue = life.mns.queue(queueName);
      while (!life.ending()) {
        const body = `text ${texts++}`;
        await attempt(life, [body], async () => {
          await queue.send(body);
          sent.add(body);
        });
      }
    },

    async receive(life) {
      const queue = life.mns.queue(queueName);
      while (!life.ending()) {
        let messages: ReceivedMessage[] = [];
        await attempt(life, [], async () => {
          messages = [...(await queue.receive({ max: 8, waitSeconds: 1 }))];
        });
        messages.forEach(note);
        // Some are left, to come again.
        const chosen = messages.filter(() => random() < 0.7);
        await attempt(
          life,
          chosen.map(({ body }) => body),
          async () => {
            const failures = await queue.delete(chosen.map(({ receiptHandle }) => receiptHandle));
            const failed = new Set(failures.map(({ receiptHandle }) => receiptHandle));
            for (const { body, receiptHandle } of chosen) if (!failed.has(receiptHandle)) deleted.add(body);
          },
        );
      }
    },

    async faults({ mns }) {
      const left = await drain(mns.queue(queueName));
      left.forEach(note);
      const remaining = new Set(left.map(({ body }) => body));
      for (const body of sent) {
        const accounted = remaining.has(body) || deleted.has(body) || uncertain.has(body);
        if (!accounted) found.push(`${body} is lost`);
      }
      for (const body of remaining) {
        if (!sent.has(body) && !uncertain.has(body)) found.push(`${body} was never sent`);
      }
      return found;
    },
  };
}

/** Takes all messages, those included that the last life held and that become visible again. */
export async function drain(queue: MessageQueue): Promise<ReceivedMessage[]> {
  const all: ReceivedMessage[] = [];
  for (;;) {
    const messages = await queue.receive({ max: 16, waitSeconds: 1 });
    await queue.delete(messages.map(({ receiptHandle }) => receiptHandle));
    all.push(...messages);
    if (messages.length > 0) continue;
    const { activeMessages, inactiveMessages } = await queue.attributes();
    if (activeMessages + inactiveMessages === 0) return all;
  }
}

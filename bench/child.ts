import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** The next message of a forked program. Rejects when the program ends before it sends one. */
export async function messageOf(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${child.spawnargs.join(' ')} ended with ${code}`);
  });
  ended.catch(() => undefined);
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
  return message;
}

/** Resolves when the program has printed the text. Rejects when it ends before. */
export function untilPrinted(child: ChildProcess, text: string | RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (output.search(text) >= 0) resolve();
    });
    child.once('close', () => reject(new Error(`ended before it printed ${text}: ${output}`)));
  });
}
